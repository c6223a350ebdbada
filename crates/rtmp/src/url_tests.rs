use super::*;

#[test]
fn an_address_has_a_host_an_app_and_a_name() {
    let url = Url::parse("rtmp://example.org/live/cam?sign=1-a").unwrap();
    assert_eq!((url.host.as_str(), url.port, url.is_tls), ("example.org", 1935, false));
    assert_eq!((url.app.as_str(), url.stream_name.as_str()), ("live", "cam?sign=1-a"));
    assert_eq!(url.tc_url, "rtmp://example.org/live");
}

#[test]
fn all_segments_but_the_last_are_the_app() {
    let url = Url::parse("rtmps://[::1]:1936/live/instance/cam").unwrap();
    assert_eq!((url.host.as_str(), url.port, url.is_tls), ("::1", 1936, true));
    assert_eq!((url.app.as_str(), url.stream_name.as_str()), ("live/instance", "cam"));
    assert_eq!(url.tc_url, "rtmps://[::1]:1936/live/instance");
    let url = Url::parse("rtmps://h/cam").unwrap();
    assert_eq!((url.app.as_str(), url.port), ("", 443));
}

#[test]
fn a_slash_in_the_query_is_not_one_of_the_path() {
    let url = Url::parse("rtmp://h/live/cam?next=a/b").unwrap();
    assert_eq!((url.app.as_str(), url.stream_name.as_str()), ("live", "cam?next=a/b"));
}

#[test]
fn what_is_no_address_is_refused() {
    for url in [
        "",
        "cam",
        "http://h/a/b",
        "rtmp://",
        "rtmp://h",
        "rtmp://h/",
        "rtmp://h/live/",
        "rtmp:///live/cam",
        "rtmp://h:0/live/cam",
        "rtmp://h:65536/live/cam",
        "rtmp://h:x/live/cam",
        "rtmp://[::1/live/cam",
        "rtmp://[::1]x/live/cam",
        "rtmp://user:password@h/live/cam",
    ] {
        assert!(matches!(Url::parse(url), Err(Error::Url { .. })), "{url}");
    }
}

fn args(target: &Target) -> Vec<(&str, &str)> {
    target.args.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[test]
fn arguments_count_wherever_they_stand_and_the_stream_name_goes_first() {
    let target = Target::resolve("rtmp://h/live?a=tc&x=1", "live?a=app&y=2", "cam?a=name&z=3");
    assert_eq!((target.app.as_str(), target.name.as_str()), ("live", "cam"));
    assert_eq!(args(&target), [("a", "name"), ("x", "1"), ("y", "2"), ("z", "3")]);
    assert_eq!(args(&Target::resolve("rtmp://h/live?a=tc", "live?a=app", "cam")), [("a", "app")]);
}

#[test]
fn slashes_around_app_and_name_do_not_matter() {
    let target = Target::resolve("rtmp://h/live/", "live/", "/cam");
    assert_eq!((target.app.as_str(), target.name.as_str()), ("live", "cam"));
}

#[test]
fn an_app_that_is_all_of_the_address_ends_with_the_name() {
    let target = Target::resolve("rtmp://h/live/cam?sign=1", "live/cam?sign=1", "");
    assert_eq!((target.app.as_str(), target.name.as_str()), ("live", "cam"));
    assert_eq!(args(&target), [("sign", "1")]);
}

#[test]
fn percent_signs_are_decoded_and_pluses_kept() {
    let decoded: Vec<_> = query_args("a%3Db=%E4%BD%A0+1&&flag&bad=%zz%4&=x").collect();
    let expected = [("a=b", "你+1"), ("flag", ""), ("bad", "%zz%4"), ("", "x")];
    assert_eq!(decoded, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn a_query_of_thousands_of_arguments_is_cut() {
    let query: String = (0..10_000).map(|index| format!("{index}=&")).collect();
    assert_eq!(query_args(&query).count(), QUERY_ARGS_MAX);
}
