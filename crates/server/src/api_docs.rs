//! `/api/docs`: the API's description as a page to read, made from what `/api/v1/openapi.json` serves. No script, nothing
//! from elsewhere.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = "
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
nav ul { columns: 14rem; padding-left: 1.2rem; }
details { border: 1px solid var(--line); border-radius: 0.4rem; margin: 0.4rem 0; padding: 0.4rem 0.8rem; }
summary { cursor: pointer; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
pre { white-space: pre-wrap; }
";

/// The page for a description.
pub fn page(description: &Value) -> Response {
    let mut response = Html(render(description)).into_response();
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn render(description: &Value) -> String {
    let info = &description["info"];
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{0} API</title><style>{STYLE}</style>\
         <h1>{0} API <small>{1}</small></h1>",
        text(&info["title"]),
        text(&info["version"]),
    );
    for paragraph in info["description"].as_str().unwrap_or_default().split("\n\n") {
        let _ = write!(out, "<p>{}</p>", marked(paragraph));
    }
    out += "<p>For programs: <a href=\"/api/v1/openapi.json\">OpenAPI 3.1</a>.</p><nav><h2>Contents</h2><ul>";
    let tags = by_tag(description);
    for tag in tags.keys() {
        let _ = write!(out, "<li><a href=\"#{0}\">{0}</a></li>", escape(tag));
    }
    out += "<li><a href=\"#schemas\">schemas</a></li></ul></nav>";
    for (tag, operations) in &tags {
        let _ = write!(out, "<h2 id=\"{0}\">{0}</h2>", escape(tag));
        for (method, path, operation) in operations {
            write_operation(&mut out, method, path, operation);
        }
    }
    out += "<h2 id=\"schemas\">schemas</h2>";
    for (name, schema) in object(&description["components"]["schemas"]) {
        let _ = write!(
            out,
            "<details id=\"schema-{0}\"><summary><code>{0}</code> {1}</summary>",
            escape(name),
            marked(schema["description"].as_str().unwrap_or_default()),
        );
        write_schema(&mut out, schema);
        out += "</details>";
    }
    out += "</html>";
    out
}

type Operations<'a> = Vec<(&'a str, &'a str, &'a Value)>;

fn by_tag(description: &Value) -> BTreeMap<&str, Operations<'_>> {
    let mut tags: BTreeMap<&str, Operations<'_>> = BTreeMap::new();
    for (path, item) in object(&description["paths"]) {
        for (method, operation) in object(item) {
            let tag = operation["tags"][0].as_str().unwrap_or("other");
            tags.entry(tag).or_default().push((method, path, operation));
        }
    }
    tags
}

fn write_operation(out: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = write!(
        out,
        "<details id=\"{2}\"><summary><code class=\"method\">{0}</code><code>{1}</code><br>{3}</summary>",
        escape(&method.to_uppercase()),
        escape(path),
        escape(&format!("{method}{}", path.replace(['/', '{', '}'], "-"))),
        text(&operation["summary"]),
    );
    if let Some(more) = operation["description"].as_str() {
        let _ = write!(out, "<p>{}</p>", marked(more));
    }
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        *out += "<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>";
        for parameter in parameters {
            let _ = write!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                kind(&parameter["schema"]),
                marked(parameter["description"].as_str().unwrap_or_default()),
            );
        }
        *out += "</table>";
    }
    for (content_type, body) in object(&operation["requestBody"]["content"]) {
        let _ = write!(out, "<p>Body, <code>{}</code>: {}</p>", escape(content_type), kind(&body["schema"]));
    }
    for (status, response) in object(&operation["responses"]).filter(|(status, _)| !status.ends_with("XX")) {
        let schema = object(&response["content"]).next().map(|(_, content)| kind(&content["schema"]));
        let _ = write!(
            out,
            "<p>Answer {}: {}</p>",
            escape(status),
            schema.unwrap_or_else(|| "no body".to_owned())
        );
    }
    *out += "</details>";
}

fn write_schema(out: &mut String, schema: &Value) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        match part["$ref"].as_str() {
            Some(_) => drop(write!(out, "<p>All of {}, and:</p>", kind(part))),
            None => write_schema(out, part),
        }
    }
    if schema["properties"].is_null() {
        if schema["allOf"].is_null() {
            let _ = write!(out, "<p>{}</p>", kind(schema));
        }
        return;
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    *out += "<table><tr><th>Field</th><th>Type</th><th></th></tr>";
    for (name, property) in object(&schema["properties"]) {
        let _ = write!(
            out,
            "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
            escape(name),
            if required.contains(&name) { "" } else { " (may be left out)" },
            kind(property),
            marked(property["description"].as_str().unwrap_or_default()),
        );
    }
    *out += "</table>";
}

/// What a schema is, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\"><code>{0}</code></a>", escape(name));
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("<code>{}</code>", text(word))).collect();
        return words.join(", ");
    }
    for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(kinds) = schema[key].as_array() {
            return kinds.iter().map(kind).collect::<Vec<_>>().join(between);
        }
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => name.as_str().into_iter().collect(),
    };
    let described = names.iter().map(|name| match *name {
        "array" => format!("list of {}", kind(&schema["items"])),
        name => escape(name),
    });
    let described = described.collect::<Vec<_>>().join(" or ");
    if described.is_empty() { "anything".to_owned() } else { described }
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    escape(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Text with `code` in it.
fn marked(source: &str) -> String {
    let parts = source.split('`').enumerate();
    parts
        .map(|(n, part)| if n % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) })
        .collect()
}

fn escape(source: &str) -> String {
    source.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_every_shape_is_on_the_page_and_every_link_leads_somewhere() {
        let (_, description) = platform::openapi::api();
        let description = serde_json::to_value(description).unwrap();
        let html = render(&description);
        for (path, item) in object(&description["paths"]) {
            assert!(html.contains(&escape(path)), "{path}");
            for (_, operation) in object(item) {
                assert!(html.contains(&text(&operation["summary"])), "{operation}");
            }
        }
        for target in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(html.contains(&format!("id=\"{target}\"")), "#{target}");
        }
    }

    #[test]
    fn what_a_description_says_is_text() {
        let description =
            serde_json::json!({"info": {"title": "<script>", "version": "1", "description": "`<b>`"}});
        let html = render(&description);
        assert!(!html.contains("<script>") && html.contains("<code>&lt;b&gt;</code>"), "{html}");
    }
}
