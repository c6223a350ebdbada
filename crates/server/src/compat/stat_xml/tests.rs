use super::*;
use crate::compat::testing::{ask, default_state, publish_media, text, watch};
use hub::{Hub, Protocol, StreamPath};

/// Where a rule of a document's order comes from: nginx-rtmp's own, as [`document`] says.
const GOLDEN: &str = include_str!("../testdata/stat.xml");

fn totals() -> Totals {
    Totals { uptime_s: 61, accepted: 7, received_bytes: 138_600, sent_bytes: 2_000 }
}

/// Replaces what differs from run to run.
fn fixed(document: &str, of: &[(&str, String)]) -> String {
    of.iter().fold(document.to_owned(), |text, (name, value)| text.replace(value, name))
}

#[tokio::test]
async fn a_stream_with_a_publisher_and_a_viewer_is_told_in_the_order_of_nginx_rtmp() {
    let hub = Hub::new(hub::Config::default());
    let publisher = publish_media(&hub, "live/mark");
    let stream = publisher.stream().clone();
    let viewer = watch(&stream, Protocol::HttpFlv);
    viewer.skips.store(2, Relaxed);
    stream.counters().add_bytes(Protocol::HttpFlv, 2_000);
    let streams = [StreamRate { stream: stream.clone(), sent_bps: 4_000 }];
    let now = stream.started_at_ms() + 5_000;
    let document = document(&totals(), &["live".into(), "hls".into()], &streams, now);
    let time = |session: &Session| format!("<time>{}</time>", now - session.started_at_ms);
    let document = fixed(
        &document,
        &[
            ("<id>1</id>", format!("<id>{}</id>", client_number(publisher.session().id))),
            ("<id>2</id>", format!("<id>{}</id>", client_number(viewer.id))),
            ("<pid>1</pid>", format!("<pid>{}</pid>", std::process::id())),
            ("<time>5000</time>", time(publisher.session())),
            ("<time>5000</time>", time(&viewer)),
            ("VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ],
    );
    assert_eq!(document, GOLDEN);
}

#[tokio::test]
async fn a_held_stream_is_neither_publishing_nor_active_and_takes_nothing_in() {
    let hub = Hub::new(hub::Config::default());
    drop(publish_media(&hub, "live/mark"));
    let stream = hub.get(&StreamPath::parse("live/mark").unwrap()).unwrap();
    let streams = [StreamRate { stream, sent_bps: 0 }];
    let document = document(&totals(), &["live".into()], &streams, u64::MAX);
    assert!(!document.contains("<publishing/>") && !document.contains("<active/>"), "{document}");
    assert!(
        document.contains("<bw_in>0</bw_in>") && document.contains("<nclients>0</nclients>"),
        "{document}"
    );
}

#[test]
fn what_a_client_says_cannot_break_out_of_its_element() {
    assert_eq!(escape("a<b>&\"'\u{1}\u{fffe}é"), "a&lt;b&gt;&amp;&quot;&apos;\u{fffd}\u{fffd}é");
}

#[tokio::test]
async fn the_page_names_its_stylesheet_and_both_are_there() {
    let state = default_state().await;
    let _publisher = publish_media(&state.gateway.hub, "live/eu/mark");
    let router = crate::compat::router(&state);
    let page = ask(&router, "GET", "/stat").await;
    assert_eq!(page.headers()["content-type"], "text/xml; charset=utf-8");
    let page = text(page).await;
    assert!(page.contains("<name>live/eu</name>\n<live>\n<stream>\n<name>mark</name>"), "{page}");
    let stylesheet = page.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let stylesheet = ask(&router, "GET", &format!("/{stylesheet}")).await;
    assert_eq!(stylesheet.headers()["content-type"], "text/xsl; charset=utf-8");
    assert!(text(stylesheet).await.contains("<xsl:stylesheet"));
}
