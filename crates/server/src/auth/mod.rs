//! Who may publish and play when there are no accounts: the rules of `[auth]`, and signed, expiring tokens.

mod sign;

pub use sign::Signer;

use crate::config::{Auth, PlayRule, PublishRule};
use hub::{Action, Credential, Gate, GateFuture, Grant, Refusal, RefusalKind, Request};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The rules of `[auth]`.
pub struct AuthGate {
    publish: PublishRule,
    play: PlayRule,
    signer: Arc<Signer>,
    apps: Vec<String>,
}

impl AuthGate {
    /// With the rules of the settings.
    pub fn new(auth: &Auth, signer: Arc<Signer>, apps: Vec<String>) -> Self {
        Self { publish: auth.publish, play: auth.play, signer, apps }
    }

    fn decide(&self, request: &Request, now_unix_s: u64) -> Result<Grant, Refusal> {
        let app = request.path.app();
        let first = app.split('/').next().unwrap_or(app);
        // An encoder hears why only when it asks to publish, so an unknown app may connect.
        let is_video = request.action == Action::Play && first == platform::videos::APP;
        if request.action != Action::Connect && !is_video && !self.apps.iter().any(|known| known == first) {
            return Err(Refusal::new(
                RefusalKind::Forbidden,
                format!("{first:?} is no app of this server; it has {} (apps)", self.apps.join(", ")),
            ));
        }
        let token = request.args.get("sign");
        let checked = token.map(|token| self.signer.check(request.action, &request.path, token, now_unix_s));
        let is_open = match request.action {
            Action::Connect => true,
            Action::Publish => match self.publish {
                PublishRule::Open => true,
                PublishRule::Local => request.remote.to_canonical().is_loopback(),
                PublishRule::Token => false,
            },
            Action::Play => self.play == PlayRule::Open,
        };
        let credential = match (checked, is_open) {
            (Some(Ok(())), _) => {
                Credential::Digest(Sha256::digest(token.unwrap_or_default().as_bytes()).into())
            }
            (_, true) => Credential::None,
            (Some(Err(error)), false) => {
                return Err(Refusal::new(RefusalKind::Unauthorized, error.to_string()));
            }
            (None, false) => {
                let what = if request.action == Action::Publish { "publish" } else { "play" };
                return Err(Refusal::new(
                    RefusalKind::Unauthorized,
                    format!(
                        "a {what} token is needed: add ?sign=… as printed by `weir sign {what} {}`",
                        request.path
                    ),
                ));
            }
        };
        Ok(Grant { path: request.path.clone(), credential })
    }
}

impl Gate for AuthGate {
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a> {
        Box::pin(async move { self.decide(request, unix_s()) })
    }
}

/// The wall clock, unix seconds.
pub fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// File of the secret in the data folder.
const SECRET_FILE: &str = "secret";

/// The secret of the settings, or the one kept in `data_dir`, made at the first start.
pub fn secret(auth: &Auth, data_dir: &Path) -> anyhow::Result<Vec<u8>> {
    use anyhow::Context;
    if !auth.secret.is_empty() {
        return Ok(auth.secret.clone().into_bytes());
    }
    let path = data_dir.join(SECRET_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 16 => return Ok(text.trim().as_bytes().to_vec()),
        Ok(_) => {
            anyhow::bail!("{} holds less than 16 bytes; delete it to have a new secret made", path.display())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    let bytes: [u8; 32] = rand::random();
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("cannot make {} (data_dir)", data_dir.display()))?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {} (data_dir)", path.display()))?;
    writeln!(file, "{text}")?;
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SignKind;
    use hub::{Args, Protocol, SessionId, StreamPath};

    const NOW: u64 = 1_700_000_000;

    fn request(action: Action, remote: [u8; 4], sign: Option<String>) -> Request {
        Request {
            action,
            path: StreamPath::parse("live/mark").unwrap(),
            args: Args::new(sign.map(|sign| ("sign".to_owned(), sign)).into_iter().collect()),
            remote: remote.into(),
            protocol: Protocol::Rtmp,
            session_id: SessionId::random(),
            client: Arc::default(),
        }
    }

    fn gate(publish: PublishRule, play: PlayRule) -> AuthGate {
        let signer = Arc::new(Signer::new(SignKind::Scoped, b"0123456789abcdef".to_vec()));
        AuthGate { publish, play, signer, apps: vec!["live".into()] }
    }

    #[test]
    fn every_rule_lets_in_exactly_whom_it_should() {
        use Action::{Play, Publish};
        let path = StreamPath::parse("live/mark").unwrap();
        let signer = Signer::new(SignKind::Scoped, b"0123456789abcdef".to_vec());
        let publish = || Some(signer.sign(Publish, &path, NOW + 60));
        let play = || Some(signer.sign(Play, &path, NOW + 60));
        let old = || Some(signer.sign(Publish, &path, NOW - 1));
        let (here, there) = ([127, 0, 0, 1], [192, 0, 2, 1]);
        let (local, open, token) = (PublishRule::Local, PublishRule::Open, PublishRule::Token);
        let rows = [
            (local, Publish, here, None, true),
            (local, Publish, there, None, false),
            (local, Publish, there, publish(), true),
            (local, Publish, there, play(), false),
            (local, Publish, there, old(), false),
            (open, Publish, there, None, true),
            (token, Publish, here, None, false),
            (token, Publish, here, publish(), true),
            (token, Publish, here, play(), false),
            (token, Publish, here, old(), false),
            (token, Publish, here, Some("nonsense".into()), false),
        ];
        for (rule, action, remote, sign, may) in rows {
            let decided = gate(rule, PlayRule::Open).decide(&request(action, remote, sign.clone()), NOW);
            assert_eq!(decided.is_ok(), may, "{rule:?} {action:?} {remote:?} {sign:?}: {decided:?}");
        }
        for (rule, sign, may) in [
            (PlayRule::Open, None, true),
            (PlayRule::Token, None, false),
            (PlayRule::Token, play(), true),
            (PlayRule::Token, publish(), false),
        ] {
            let decided = gate(PublishRule::Token, rule).decide(&request(Play, here, sign), NOW);
            assert_eq!(decided.is_ok(), may, "{rule:?}: {decided:?}");
        }
    }

    #[test]
    fn only_a_valid_token_proves_to_be_the_same_publisher() {
        let gate = gate(PublishRule::Local, PlayRule::Open);
        let path = StreamPath::parse("live/mark").unwrap();
        let token = gate.signer.sign(Action::Publish, &path, NOW + 60);
        let decide =
            |sign| gate.decide(&request(Action::Publish, [127, 0, 0, 1], sign), NOW).unwrap().credential;
        assert!(decide(Some(token.clone())).proves_same_as(&decide(Some(token))));
        assert!(!decide(None).proves_same_as(&decide(None)));
        assert!(!decide(Some("x".into())).proves_same_as(&decide(Some("x".into()))));
    }

    #[test]
    fn an_app_that_is_not_configured_is_refused() {
        let mut request = request(Action::Publish, [127, 0, 0, 1], None);
        request.path = StreamPath::parse("other/mark").unwrap();
        let refusal = gate(PublishRule::Open, PlayRule::Open).decide(&request, NOW).unwrap_err();
        assert!(refusal.message.contains("live"), "{refusal}");
        request.path = StreamPath::parse("streams/4hG2").unwrap();
        assert!(gate(PublishRule::Open, PlayRule::Open).decide(&request, NOW).is_err());
        request.action = Action::Play;
        assert!(gate(PublishRule::Open, PlayRule::Open).decide(&request, NOW).is_ok(), "videos are watched");
    }

    #[test]
    fn the_secret_is_made_once_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let auth = crate::config::Config::load(None).unwrap().auth;
        let first = secret(&auth, dir.path()).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(secret(&auth, dir.path()).unwrap(), first);
        let mode = std::fs::metadata(dir.path().join(SECRET_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
