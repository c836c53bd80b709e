//! Why executing a template failed, in Helm's words.

use std::fmt;
use std::sync::Arc;

use super::budget::Limit;
use super::call::FunctionError;
use crate::origin::{FrameId, SourceId};
use crate::source::Span;
use crate::template::quote;

/// A template stopped at an error. [`Display`](fmt::Display) gives what Helm prints behind
/// `Error: `.
#[derive(Clone, Debug)]
pub struct ExecError {
    /// The name of the parsed text: a template file, or `gotpl` for text given to `tpl`.
    pub file: Arc<str>,
    /// 1-based line.
    pub line: u32,
    /// Byte offset in the line, from 0.
    pub column: u32,
    /// The text, in the render's origins.
    pub source: SourceId,
    /// The action that was executed.
    pub action: Span,
    /// The calls and branches around it, in the render's origins.
    pub frame: FrameId,
    /// The template that was executed: a file, or a named template.
    pub template: Arc<str>,
    /// The node that failed, as Go prints it.
    pub node: String,
    /// What is wrong; where a function failed, `error calling NAME: ` without its reason.
    pub message: String,
    /// Why the function failed.
    pub cause: Option<FunctionError>,
}

impl std::error::Error for ExecError {}

impl ExecError {
    /// The bound that was crossed, if that is what ended the render.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        self.chain().find_map(|error| match error.cause {
            Some(FunctionError::Limit(limit)) => Some(limit),
            _ => None,
        })
    }

    /// What `fail` or `required` said, if one of them ended the render.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        self.chain().find_map(|error| match &error.cause {
            Some(FunctionError::Failed(message)) => Some(message.as_str()),
            _ => None,
        })
    }

    /// The error and those of the templates it executed, the outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |error| match &error.cause {
            Some(FunctionError::Template(inner)) => Some(&**inner),
            Some(FunctionError::Tpl { error, .. }) => Some(&**error),
            _ => None,
        })
    }

    /// `FILE:LINE:COLUMN`
    #[must_use]
    pub fn location(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }

    /// The error as Go's `text/template` puts it, on one line.
    #[must_use]
    pub fn go_text(&self) -> String {
        let mut text = String::new();
        for error in self.chain() {
            text.push_str(&error.go_prefix());
            match &error.cause {
                Some(FunctionError::Tpl { text: template, .. }) => {
                    let template = quote(template);
                    text.push_str(&format!("error during tpl function execution for {template}: "));
                }
                Some(FunctionError::Template(_)) | None => {}
                Some(cause) => text.push_str(&cause.to_string()),
            }
        }
        text
    }

    fn go_prefix(&self) -> String {
        let Self { template, node, message, .. } = self;
        let template = quote(template.as_bytes());
        format!("template: {}: executing {template} at <{node}>: {message}", self.location())
    }

    /// The error as Helm shows it: a group of lines for each template that was executed. `None`
    /// where Helm cannot take Go's text apart and shows that instead.
    fn helm_text(&self) -> Option<String> {
        let mut groups: Vec<Group> = Vec::new();
        for error in self.chain() {
            let mut text = error.go_prefix();
            let inner = match &error.cause {
                None => None,
                Some(FunctionError::Template(_)) => {
                    text.push_str("template: ");
                    None
                }
                Some(FunctionError::Tpl { .. }) => return None,
                Some(cause) => {
                    let cause = cause.to_string();
                    text.push_str(&cause);
                    Some(Group::read(&cause)?)
                }
            };
            for group in std::iter::once(Group::read(&text)?).chain(inner) {
                if groups.last() != Some(&group) {
                    groups.push(group);
                }
            }
        }
        let text: String = groups.iter().map(Group::to_string).collect();
        Some(text.trim().to_owned())
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = self.failed() {
            return write!(f, "execution error at ({}): {message}", self.location());
        }
        match self.helm_text() {
            Some(text) => f.write_str(&text),
            None => f.write_str(&self.go_text()),
        }
    }
}

/// What Helm reads out of one error of Go's.
#[derive(PartialEq, Eq, Default)]
struct Group {
    location: String,
    executed: String,
    message: String,
}

impl Group {
    fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { message: text.to_owned(), ..Self::default() });
        }
        if let Some((location, after)) = rest.split_once(": executing ")
            && let Some(name) = after.strip_prefix('"')
            && let Some((name, after)) = name.split_once('"')
            && let Some(after) = after.strip_prefix(" at <")
            && let Some((node, message)) = after.split_once(">: ")
        {
            return Some(Self {
                location: location.to_owned(),
                executed: format!("executing \"{name}\" at <{node}>:"),
                message: without_next(message).to_owned(),
            });
        }
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Self {
            location: location.to_owned(),
            executed: String::new(),
            message: without_next(message).to_owned(),
        })
    }
}

/// The message without the error that follows it.
fn without_next(message: &str) -> &str {
    message.split_once(" template:").map_or(message, |(message, _)| message)
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.location.is_empty() {
            write!(f, "{}\n  ", self.location)?;
        }
        if !self.executed.is_empty() {
            write!(f, "{}\n    ", self.executed)?;
        }
        if !self.message.is_empty() {
            writeln!(f, "{}", self.message)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(file: &str, column: u32, message: &str, cause: Option<FunctionError>) -> ExecError {
        ExecError {
            file: Arc::from(file),
            line: 1,
            column,
            source: SourceId::NONE,
            action: Span::default(),
            frame: FrameId::NONE,
            template: Arc::from(file),
            node: "include \"e\" .".to_owned(),
            message: message.to_owned(),
            cause,
        }
    }

    #[test]
    fn each_template_is_a_group() {
        let inner = error("h.tpl", 5, "nil pointer evaluating interface {}.x", None);
        let outer =
            error("a.yaml", 3, "error calling include: ", Some(FunctionError::Template(Box::new(inner))));
        assert_eq!(
            outer.to_string(),
            "a.yaml:1:3\n  executing \"a.yaml\" at <include \"e\" .>:\n    error calling include:\n\
             h.tpl:1:5\n  executing \"h.tpl\" at <include \"e\" .>:\n    nil pointer evaluating interface {}.x"
        );
        assert!(outer.go_text().starts_with("template: a.yaml:1:3: executing \"a.yaml\" at <include"));
    }

    #[test]
    fn plain_reasons_stay_on_one_line() {
        let outer = error("a.yaml", 3, "error calling len: ", Some(FunctionError::new("len of type int")));
        assert_eq!(outer.to_string(), outer.go_text());
        assert!(outer.to_string().ends_with("error calling len: len of type int"));
        let missing = FunctionError::new("template: no template \"x\" associated with template \"gotpl\"");
        let outer = error("a.yaml", 3, "error calling include: ", Some(missing));
        assert!(
            outer.to_string().ends_with("\ntemplate: no template \"x\" associated with template \"gotpl\"")
        );
    }

    #[test]
    fn messages_to_the_user_have_the_outermost_place() {
        let inner = error("h.tpl", 5, "error calling fail: ", Some(FunctionError::Failed("no".to_owned())));
        let cause = FunctionError::Tpl { text: b"x".to_vec(), error: Box::new(inner) };
        assert_eq!(
            error("a", 3, "error calling tpl: ", Some(cause)).to_string(),
            "execution error at (a:1:3): no"
        );
    }
}
