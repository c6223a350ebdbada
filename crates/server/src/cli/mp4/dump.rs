//! `weir mp4 dump`: the tree of boxes.

use clap::Args;
use mp4::{BoxInfo, Error, FieldValue, visit_boxes};
use serde_json::{Map, Value, json};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

#[derive(Args)]
pub(in crate::cli) struct Dump {
    file: PathBuf,
    /// Prints JSON: a list of boxes, each with its depth.
    #[arg(long)]
    json: bool,
    /// How many boxes in boxes are shown; 0 shows those of the file only.
    #[arg(long, default_value_t = 32)]
    depth: u8,
}

impl Dump {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let mut file = super::open(&self.file)?;
        let mut out = BufWriter::new(io::stdout().lock());
        let result = match self.json {
            true => self.print_json(&mut file, &mut out),
            false => visit_boxes(&mut file, self.depth, &mut |found| Ok(print_line(&mut out, found)?)),
        };
        match result.and_then(|()| Ok(out.flush()?)) {
            // As with `weir mp4 dump FILE | head`.
            Err(Error::Io(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => Ok(result?),
        }
    }

    fn print_json(&self, file: &mut std::fs::File, out: &mut impl Write) -> Result<(), Error> {
        let mut separator = "[";
        visit_boxes(file, self.depth, &mut |found| {
            write!(out, "{separator}\n  {}", to_json(found))?;
            separator = ",";
            Ok(())
        })?;
        if separator == "[" {
            write!(out, "[")?;
        }
        Ok(writeln!(out, "\n]")?)
    }
}

fn print_line(out: &mut impl Write, found: &BoxInfo) -> io::Result<()> {
    let indent = "  ".repeat(found.depth.into());
    write!(out, "{:>12} {:>12}  {indent}{}", found.offset, found.bytes, found.kind)?;
    for (name, value) in &found.fields {
        match value {
            FieldValue::Text(text) if text.contains(' ') => write!(out, " {name}=\"{text}\"")?,
            value => write!(out, " {name}={value}")?,
        }
    }
    writeln!(out, "{}", if found.is_cut_off { " (cut off)" } else { "" })
}

fn to_json(found: &BoxInfo) -> Value {
    let fields = found.fields.iter().map(|(name, value)| {
        let value = match value {
            FieldValue::Number(number) => json!(number),
            FieldValue::Text(text) => json!(text),
        };
        ((*name).to_owned(), value)
    });
    json!({
        "depth": found.depth,
        "kind": found.kind.to_string(),
        "offset": found.offset,
        "bytes": found.bytes,
        "is_cut_off": found.is_cut_off,
        "fields": fields.collect::<Map<_, _>>(),
    })
}
