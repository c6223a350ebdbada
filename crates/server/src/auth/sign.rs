use crate::config::SignKind;
use hmac::{Hmac, Mac};
use hub::{Action, StreamPath};
use md5::{Digest, Md5};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Makes and checks the tokens of `?sign=<expires>-<hash>`, `expires` in unix seconds.
pub struct Signer {
    kind: SignKind,
    secret: Vec<u8>,
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum TokenError {
    #[error("the token in ?sign= has not the form <unix seconds>-<hash>")]
    Shape,
    #[error("the token expired {0} s ago; ask for a new one")]
    Expired(u64),
    #[error(
        "the token is not for this action and stream, or was signed with another secret (auth.secret, auth.sign)"
    )]
    Wrong,
}

impl Signer {
    /// Signs with `secret`.
    pub fn new(kind: SignKind, secret: Vec<u8>) -> Self {
        Self { kind, secret }
    }

    /// Whether a token is for one action alone.
    pub fn is_scoped(&self) -> bool {
        self.kind == SignKind::Scoped
    }

    /// A token for `action` on `path`, good until `expires_unix_s`.
    pub fn sign(&self, action: Action, path: &StreamPath, expires_unix_s: u64) -> String {
        let hash = match self.kind {
            SignKind::Scoped => hex(&self.mac(action, path, expires_unix_s).finalize().into_bytes()),
            SignKind::Nms => self.nms_hash(path, expires_unix_s),
        };
        format!("{expires_unix_s}-{hash}")
    }

    /// Whether `token` is good for `action` on `path` at `now_unix_s`.
    pub fn check(
        &self,
        action: Action,
        path: &StreamPath,
        token: &str,
        now_unix_s: u64,
    ) -> Result<(), TokenError> {
        let (expires, hash) = token.split_once('-').ok_or(TokenError::Shape)?;
        let expires: u64 = expires.parse().map_err(|_| TokenError::Shape)?;
        let is_right = match self.kind {
            SignKind::Scoped => {
                let hash = unhex(hash).ok_or(TokenError::Shape)?;
                self.mac(action, path, expires).verify_slice(&hash).is_ok()
            }
            SignKind::Nms => self.nms_hash(path, expires).as_bytes().ct_eq(hash.as_bytes()).into(),
        };
        if !is_right {
            return Err(TokenError::Wrong);
        }
        if expires < now_unix_s {
            return Err(TokenError::Expired(now_unix_s - expires));
        }
        Ok(())
    }

    fn mac(&self, action: Action, path: &StreamPath, expires: u64) -> Hmac<Sha256> {
        let action = match action {
            Action::Publish => "publish",
            Action::Play => "play",
            Action::Connect => "connect",
        };
        // HMAC takes keys of every length, so this cannot fail.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of every length"));
        mac.update(format!("{action}|/{path}|{expires}").as_bytes());
        mac
    }

    /// Node-Media-Server v2: one hash for both actions.
    fn nms_hash(&self, path: &StreamPath, expires: u64) -> String {
        let mut hash = Md5::new();
        hash.update(format!("/{path}-{expires}-").as_bytes());
        hash.update(&self.secret);
        hex(&hash.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> StreamPath {
        StreamPath::parse(text).unwrap()
    }

    #[test]
    fn nms_tokens_are_those_of_node_media_server() {
        let signer = Signer::new(SignKind::Nms, b"nodemedia2017privatekey".to_vec());
        for (stream, expires, hash) in [
            ("live/stream", 1_503_458_721, "80c1d1ad2e0c2ab63eebb50eed64201a"),
            ("live/L3V8KhRHin40gNug58zy", 1_602_680_596, "95e13144c935f3fbb045d8fe06374297"),
            ("live/L3V8KhRHin40gNug58zy", 1_602_691_779, "4c4cde8b52e829a17a6baf5b6c404ada"),
        ] {
            let token = format!("{expires}-{hash}");
            assert_eq!(signer.sign(Action::Play, &path(stream), expires), token);
            assert_eq!(signer.check(Action::Publish, &path(stream), &token, expires), Ok(()));
            assert_eq!(
                signer.check(Action::Play, &path(stream), &token, expires + 5),
                Err(TokenError::Expired(5))
            );
        }
    }

    #[test]
    fn a_scoped_token_is_good_for_one_action_one_path_and_one_time() {
        let signer = Signer::new(SignKind::Scoped, b"0123456789abcdef".to_vec());
        let token = signer.sign(Action::Play, &path("live/a"), 1000);
        assert_eq!(signer.check(Action::Play, &path("live/a"), &token, 1000), Ok(()));
        assert_eq!(signer.check(Action::Publish, &path("live/a"), &token, 1000), Err(TokenError::Wrong));
        assert_eq!(signer.check(Action::Play, &path("live/b"), &token, 1000), Err(TokenError::Wrong));
        assert_eq!(signer.check(Action::Play, &path("live/a"), &token, 1001), Err(TokenError::Expired(1)));
        let later = token.replacen("1000", "9999", 1);
        assert_eq!(signer.check(Action::Play, &path("live/a"), &later, 1000), Err(TokenError::Wrong));
        for nonsense in ["", "-", "1000", "1000-", "1000-zz", "x-00", "1000-é"] {
            assert!(signer.check(Action::Play, &path("live/a"), nonsense, 1000).is_err(), "{nonsense:?}");
        }
    }
}
