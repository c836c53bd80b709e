//! Which reports go where.

use std::fs;
use std::path::PathBuf;

use crate::config::closest;
use crate::report::{Format, Report, Style};

use super::args::OutputArgs;
use super::exit::Failure;
use super::terminal::{Terminal, print_pieces};

/// A format and the file it is written to; standard output without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The format.
    pub format: Format,
    /// The file.
    pub file: Option<PathBuf>,
}

/// The destinations that flags ask for; pretty on standard output without any.
///
/// # Errors
/// An unknown format, or two reports for one place.
pub fn destinations(args: &OutputArgs) -> Result<Vec<Destination>, Failure> {
    let mut all = Vec::new();
    let words = if args.format.is_empty() { vec!["pretty".to_owned()] } else { args.format.clone() };
    for word in &words {
        let (name, file) = match word.split_once('=') {
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (word.as_str(), args.output.clone()),
        };
        let Some(format) = Format::from_word(name) else {
            let names: Vec<&str> = Format::ALL.iter().map(|(name, _)| *name).collect();
            let known = format!("formats are {}", names.join(", "));
            let help = closest(name, names).map(|near| format!("did you mean `{near}`?")).unwrap_or(known);
            return Err(Failure::with_help(format!("unknown format `{name}`"), Some(help)));
        };
        if all.iter().any(|one: &Destination| one.file == file) {
            let help = "write `--format FORMAT=FILE` for all but one".to_owned();
            return Err(Failure::with_help("two reports for the same place", Some(help)));
        }
        all.push(Destination { format, file });
    }
    Ok(all)
}

/// Writes a report to each destination.
///
/// # Errors
/// A file or standard output cannot be written.
pub fn deliver(report: &Report<'_>, to: &[Destination], terminal: &Terminal) -> Result<(), Failure> {
    for destination in to {
        match &destination.file {
            Some(file) => {
                // Colours are for terminals only.
                let style = Style { color: false, ..terminal.stdout };
                write_file(file, &report.write(destination.format, &style))?;
            }
            // A runner may take lines of a text for commands.
            None if destination.format.is_text() && terminal.runner => {
                terminal.print_text(&report.write(destination.format, &terminal.stdout))?;
            }
            None => print_pieces(|told| report.tell(destination.format, &terminal.stdout, told))?,
        }
    }
    Ok(())
}

/// Writes a report's file, and the folders above it.
///
/// # Errors
/// It cannot be written.
pub fn write_file(file: &PathBuf, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", file.display()));
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(file, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(formats: &[&str], output: Option<&str>) -> Result<Vec<Destination>, Failure> {
        let format = formats.iter().map(|&word| word.to_owned()).collect();
        destinations(&OutputArgs { format, output: output.map(PathBuf::from) })
    }

    #[test]
    fn formats_pair_with_files() {
        assert_eq!(of(&[], None).unwrap(), [Destination { format: Format::Pretty, file: None }]);
        let both = of(&["pretty", "sarif=out/a.sarif"], None).unwrap();
        assert_eq!(both[1], Destination { format: Format::Sarif, file: Some("out/a.sarif".into()) });
        assert_eq!(of(&["json"], Some("x.json")).unwrap()[0].file, Some("x.json".into()));
        assert!(of(&["json", "pretty"], None).is_err());
        assert!(
            matches!(of(&["jsn"], None), Err(Failure::Message { help: Some(help), .. }) if help.contains("`json`"))
        );
    }
}
