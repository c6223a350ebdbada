//! What the server writes into the head of a page about a room or a video: title, language, what other sites show of it
//! (Open Graph, Twitter card, oEmbed), and the API's answer, so that the player begins without asking.
//!
//! Other sites are told of what everybody with the address may watch, and of the rest nothing: a page whose reader has
//! to show a password, or that is for somebody signed in, says its title to that reader alone.

use super::{Files, Shell, Subject};
use http::{HeaderMap, header};
use serde_json::Value;
use std::fmt::Write;

/// A page about something.
pub struct Page<'a> {
    pub subject: &'a Subject,
    pub shell: Shell,
    /// What the API says of it to who opens the page.
    pub told: &'a Value,
    /// `https://host`, or empty.
    pub origin: &'a str,
}

/// Characters of a description that other sites show.
const DESCRIPTION_CHARS: usize = 200;
/// Size of the frame other sites show the player in, when the size of the picture is not known.
const FRAME: (u64, u64) = (640, 360);

impl Page<'_> {
    /// The page; nothing when the pages are not built in.
    pub fn html(&self, site_name: &str, language: &str) -> Option<String> {
        let html = String::from_utf8(Files::get(self.shell.file())?.data.into_owned()).ok()?;
        let (before, after) = html.split_once("</head>")?;
        let title = escape(self.text("title"));
        let before = before
            .replacen("<html lang=\"en\">", &format!("<html lang=\"{language}\">"), 1)
            .replacen("<title>Weir</title>", &format!("<title>{title} · Weir</title>"), 1);
        // Inside a script element only `<` could end it; JSON may write any character by its number.
        let data = self.told.to_string().replace('<', "\\u003c");
        let (name, chunk) = match self.subject {
            Subject::Room(_) => ("room-data", "mpegts-"),
            Subject::Video(_) => ("video-data", "video-player-"),
        };
        let is_played = self.told["play_sign"].is_string();
        let player = if is_played { preload(chunk).unwrap_or_default() } else { String::new() };
        let tags = self.tags(site_name);
        Some(format!(
            "{before}{tags}{player}<script type=\"application/json\" id=\"{name}\">{data}</script></head>{after}"
        ))
    }

    fn tags(&self, site_name: &str) -> String {
        let mut tags = String::new();
        if !self.is_for_everybody() {
            return "<meta name=\"robots\" content=\"noindex\" />".to_owned();
        }
        if self.text("privacy") != "public" {
            tags += "<meta name=\"robots\" content=\"noindex\" />";
        }
        if self.origin.is_empty() {
            return tags;
        }
        let (address, embed) = (self.address(), self.embed_address());
        let (width, height) = frame(self.told);
        let oembed = format!("{}/oembed?url={}", self.origin, percent_encoded(&address));
        let _ = write!(
            tags,
            "<link rel=\"canonical\" href=\"{address}\" />\
             <link rel=\"alternate\" type=\"application/json+oembed\" href=\"{oembed}\" title=\"{}\" />",
            escape(self.text("title")),
        );
        let mut meta = |kind: &str, name: &str, content: &str| {
            if !content.is_empty() {
                let _ = write!(tags, "<meta {kind}=\"{name}\" content=\"{}\" />", escape(content));
            }
        };
        let description = self.description();
        let image = self.image().unwrap_or_default();
        meta("name", "description", &description);
        for (name, content) in [
            ("og:type", "video.other"),
            ("og:site_name", site_name),
            ("og:title", self.text("title")),
            ("og:description", &description),
            ("og:url", &address),
            ("og:image", &image),
            ("og:video:url", &embed),
            ("og:video:type", "text/html"),
            ("og:video:width", &width.to_string()),
            ("og:video:height", &height.to_string()),
            ("video:duration", &self.seconds()),
        ] {
            meta("property", name, content);
        }
        // A player in the card has to come over TLS.
        let has_player = self.origin.starts_with("https://");
        let card = match (has_player, image.is_empty()) {
            (true, _) => "player",
            (false, false) => "summary_large_image",
            (false, true) => "summary",
        };
        meta("name", "twitter:card", card);
        if has_player {
            meta("name", "twitter:player", &embed);
            meta("name", "twitter:player:width", &width.to_string());
            meta("name", "twitter:player:height", &height.to_string());
        }
        tags
    }

    /// Whether everybody who has the address may watch.
    pub fn is_for_everybody(&self) -> bool {
        matches!(self.text("privacy"), "public" | "unlisted") && self.told["taken_down_at"].is_null()
    }

    /// What it says of itself; else who made it.
    fn description(&self) -> String {
        let written: Vec<&str> = self.text("description").split_whitespace().collect();
        if written.is_empty() {
            return self.author().0.to_owned();
        }
        let written = written.join(" ");
        match written.char_indices().nth(DESCRIPTION_CHARS) {
            Some((end, _)) => format!("{}…", written[..end].trim_end()),
            None => written,
        }
    }

    /// Name and user name of whose it is.
    pub fn author(&self) -> (&str, &str) {
        let who = match self.subject {
            Subject::Room(_) => &self.told["host"],
            Subject::Video(_) => &self.told["user"],
        };
        (who["name"].as_str().unwrap_or_default(), who["username"].as_str().unwrap_or_default())
    }

    /// Address of the page of the app, by the number or id that stays, whatever name was asked for.
    pub fn address(&self) -> String {
        format!("{}/{}", self.origin, self.path())
    }

    /// Address of the player alone.
    pub fn embed_address(&self) -> String {
        format!("{}/embed/{}", self.origin, self.path())
    }

    fn path(&self) -> String {
        let (area, asked) = match self.subject {
            Subject::Room(id) => ("live", id),
            Subject::Video(id) => ("v", id),
        };
        // An unlisted room is shared by its name: its number says nothing to strangers, and is not told.
        let id = match (&self.told["id"], self.text("privacy")) {
            (Value::String(id), _) => id.clone(),
            (Value::Number(id), "public") => id.to_string(),
            _ => asked.clone(),
        };
        format!("{area}/{}", percent_encoded(&id))
    }

    /// Address of the picture, of this site alone.
    pub fn image(&self) -> Option<String> {
        let cover = self.text("cover");
        (cover.starts_with('/') && !cover.starts_with("//")).then(|| format!("{}{cover}", self.origin))
    }

    fn seconds(&self) -> String {
        let ms = self.told["duration_ms"].as_u64().unwrap_or_default();
        if ms == 0 { String::new() } else { (ms / 1000).max(1).to_string() }
    }

    pub fn text(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap_or_default()
    }
}

/// Width and height of the frame for what the API tells of: as wide as usual, as high as its picture wants.
pub fn frame(told: &Value) -> (u64, u64) {
    let (width, height) = (told["width"].as_u64().unwrap_or(0), told["height"].as_u64().unwrap_or(0));
    if width == 0 || height == 0 {
        return FRAME;
    }
    // Upright pictures get no more room than wide ones have.
    let scaled = (FRAME.0.saturating_mul(height) / width).clamp(1, FRAME.0);
    (FRAME.0.min(scaled.saturating_mul(width) / height).max(1), scaled)
}

/// A chunk of the player, on its way before a script asks for it.
fn preload(chunk: &str) -> Option<String> {
    let name = Files::iter().find(|name| {
        name.strip_prefix("assets/").is_some_and(|name| name.starts_with(chunk) && name.ends_with(".js"))
    })?;
    Some(format!("<link rel=\"modulepreload\" href=\"/{name}\" />"))
}

/// The first language of the reader that there are texts for, as the pages choose: `?lang=`, then what the browser asks for.
pub fn language(query: &str, headers: &HeaderMap) -> &'static str {
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("lang="));
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default().split(',').filter_map(|range| range.split(';').next());
    for tag in asked.into_iter().chain(accepted) {
        let tag = tag.trim().to_ascii_lowercase();
        let mut parts = tag.split('-');
        match parts.next() {
            Some("en") => return "en",
            Some("zh") => {
                let parts: Vec<&str> = parts.collect();
                let is_traditional = parts.iter().any(|part| matches!(*part, "hant" | "tw" | "hk" | "mo"));
                return if is_traditional && !parts.contains(&"hans") { "zh-TW" } else { "zh-CN" };
            }
            _ => {}
        }
    }
    "en"
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// For a value in a query (RFC 3986, section 2.3).
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn video(more: &Value) -> Value {
        let mut told = json!({
            "id": "aB3", "title": "Sea", "description": "Two\n lines", "privacy": "public", "cover": "/streams/aB3/thumb-0.jpg",
            "duration_ms": 61_500, "width": 1920, "height": 1080, "user": {"name": "Mei", "username": "mei"}, "play_sign": "s",
        });
        for (name, value) in more.as_object().expect("changes") {
            told[name] = value.clone();
        }
        told
    }

    fn tags(told: &Value, origin: &str) -> String {
        let subject = Subject::Video("holiday".to_owned());
        Page { subject: &subject, shell: Shell::App, told, origin }.tags("Our site")
    }

    #[test]
    fn other_sites_are_told_what_a_public_video_is() {
        let tags = tags(&video(&json!({})), "https://weir.example");
        for tag in [
            "<link rel=\"canonical\" href=\"https://weir.example/v/aB3\" />",
            "href=\"https://weir.example/oembed?url=https%3A%2F%2Fweir.example%2Fv%2FaB3\"",
            "<meta name=\"description\" content=\"Two lines\" />",
            "<meta property=\"og:site_name\" content=\"Our site\" />",
            "<meta property=\"og:title\" content=\"Sea\" />",
            "<meta property=\"og:image\" content=\"https://weir.example/streams/aB3/thumb-0.jpg\" />",
            "<meta property=\"og:video:url\" content=\"https://weir.example/embed/v/aB3\" />",
            "<meta property=\"video:duration\" content=\"61\" />",
            "<meta name=\"twitter:card\" content=\"player\" />",
            "<meta name=\"twitter:player\" content=\"https://weir.example/embed/v/aB3\" />",
        ] {
            assert!(tags.contains(tag), "{tag} is missing in {tags}");
        }
        assert!(!tags.contains("noindex"), "{tags}");
    }

    #[test]
    fn without_tls_there_is_a_picture_in_place_of_a_player() {
        let tags = tags(&video(&json!({})), "http://weir.example");
        assert!(
            tags.contains("content=\"summary_large_image\"") && !tags.contains("twitter:player"),
            "{tags}"
        );
    }

    #[test]
    fn what_is_not_for_everybody_is_told_to_no_other_site() {
        for hidden in [
            json!({"privacy": "private"}),
            json!({"privacy": "password"}),
            json!({"privacy": "public", "taken_down_at": 1}),
        ] {
            let tags = tags(&video(&hidden), "https://weir.example");
            assert_eq!(tags, "<meta name=\"robots\" content=\"noindex\" />");
        }
        let tags = tags(&video(&json!({"privacy": "unlisted"})), "https://weir.example");
        assert!(
            tags.contains("noindex") && tags.contains("og:title"),
            "shared by its address, found by no search: {tags}"
        );
    }

    #[test]
    fn an_unlisted_room_keeps_its_number_to_itself() {
        let told = json!({"id": 7, "title": "Quiet", "privacy": "unlisted", "host": {"name": "Mei"}});
        let subject = Subject::Room("AbCdEfGhIjKlMnOpQrSt".to_owned());
        let page = Page { subject: &subject, shell: Shell::App, told: &told, origin: "https://weir.example" };
        assert_eq!(page.address(), "https://weir.example/live/AbCdEfGhIjKlMnOpQrSt");
    }

    #[test]
    fn what_people_write_stays_text() {
        let hostile = "</script><script>alert(1)</script>\"";
        let told = video(
            &json!({"title": hostile, "description": hostile, "cover": "//elsewhere/\"", "user": {"name": hostile}}),
        );
        let subject = Subject::Video("aB3".to_owned());
        for shell in [Shell::App, Shell::Embed] {
            let page = Page { subject: &subject, shell, told: &told, origin: "https://weir.example" };
            let Some(html) = page.html(hostile, "zh-TW") else {
                assert!(Files::get("index.html").is_none(), "the page is built in but has no head");
                return;
            };
            assert!(!html.contains("<script>alert") && !html.contains("content=\"</"), "{html}");
            assert!(!html.contains("og:image") && html.contains("<html lang=\"zh-TW\">"), "{html}");
            let (_, data) = html.split_once("id=\"video-data\">").expect("the data is in the page");
            let (data, _) = data.split_once("</script>").expect("the data ends");
            assert_eq!(serde_json::from_str::<Value>(data).expect("the data is JSON"), told);
        }
    }

    #[test]
    fn long_descriptions_are_cut_between_letters() {
        let told = video(&json!({"description": "字".repeat(DESCRIPTION_CHARS + 1)}));
        let tags = tags(&told, "https://weir.example");
        assert!(tags.contains(&format!("content=\"{}…\"", "字".repeat(DESCRIPTION_CHARS))), "{tags}");
    }

    #[test]
    fn the_language_is_the_readers() {
        let read = |query: &str, accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().expect("a header"));
            language(query, &headers)
        };
        assert_eq!(read("", "fr-FR,zh-Hant-HK;q=0.8,en;q=0.5"), "zh-TW");
        assert_eq!(read("", "zh"), "zh-CN");
        assert_eq!(read("t=3&lang=zh-TW", "en"), "zh-TW");
        assert_eq!(read("", "tlh"), "en");
    }

    #[test]
    fn frames_have_the_shape_of_the_picture() {
        let of = |width: u64, height: u64| frame(&json!({"width": width, "height": height}));
        assert_eq!([of(1920, 1080), of(1080, 1920), of(0, 0)], [(640, 360), (360, 640), FRAME]);
        assert_eq!(of(1, u64::MAX), (1, 640));
    }
}
