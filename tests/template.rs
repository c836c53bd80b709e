//! Every template of the charts in the shared folder is read and written back byte for byte.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
mod support;

use std::fs;

use seaworthy::template::{parse, print};

#[test]
fn templates_of_real_charts_print_back_byte_for_byte() {
    let Some(corpus) = support::corpus("helm-open") else { return };
    let (mut count, mut bytes, mut refused) = (0usize, 0usize, 0usize);
    for path in support::files(&corpus.join("charts"), &[""]) {
        if !path.components().any(|part| part.as_os_str() == "templates") {
            continue;
        }
        let text = fs::read(&path).unwrap();
        match parse("t", &text[..], &|_| Some(0)) {
            Ok(template) => assert!(print(&template) == text, "{}", path.display()),
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                refused += 1;
            }
        }
        count += 1;
        bytes += text.len();
    }
    eprintln!("templates: {count} read and printed back, {bytes} bytes; {refused} are refused");
    assert!(count > 9_000 && refused < 20, "{count} read, {refused} refused");
}
