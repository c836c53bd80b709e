//! [`Style`]: how text for people looks.

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Nothing.
    Silent,
    /// Findings and problems alone.
    Quiet,
    /// Findings, problems, summary.
    #[default]
    Normal,
    /// Also what was ignored and why.
    Verbose,
}

/// Colour, characters and width of text for people.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Whether frames may use box characters.
    pub unicode: bool,
    /// Width in columns that running text is wrapped to.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 100 }
    }
}

/// Colours in use, as parameters of `ESC [ … m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Names and numbers that matter.
    Bold,
    /// Less important text.
    Dim,
    /// Serious.
    Red,
    /// Worth a look.
    Yellow,
    /// Good, added.
    Green,
    /// Hints.
    Cyan,
}

impl Style {
    /// The text in a colour, or as it is where colours are off.
    #[must_use]
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Bold => "1",
            Paint::Dim => "2",
            Paint::Red => "31",
            Paint::Yellow => "33",
            Paint::Green => "32",
            Paint::Cyan => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
