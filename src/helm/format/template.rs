//! Go's `Sprintf`.

use super::{Flags, Printer, Result};
use crate::helm::exec::Exec;
use crate::helm::rope::Str;
use crate::helm::value::{Node, Value};
use crate::template::decode;

/// Values put into a format, as Go's `fmt.Sprintf`. What does not fit is said in the text itself, as
/// Go does: `%!d(string=a)`, `%!s(MISSING)`, `%!(EXTRA int=1)`.
///
/// # Errors
/// The budget is used up.
pub fn print_format(exec: &mut Exec<'_>, format: &Str, values: &[Node]) -> Result<Str> {
    let printer = Printer::new(exec);
    let mut reader = Reader { printer, format, values, at: 0, argument: 0, reordered: false, good: true };
    reader.run()?;
    Ok(reader.printer.finish())
}

/// Widths and precisions beyond this count as none.
const LARGEST: i64 = 1_000_000;

struct Reader<'e, 'a, 'v> {
    printer: Printer<'e, 'a>,
    format: &'v Str,
    values: &'v [Node],
    at: usize,
    argument: usize,
    reordered: bool,
    /// Whether the last explicit argument index was good.
    good: bool,
}

impl Reader<'_, '_, '_> {
    fn byte(&self) -> Option<u8> {
        self.format.as_bytes().get(self.at).copied()
    }

    fn run(&mut self) -> Result<()> {
        let format = self.format.as_bytes();
        while self.at < format.len() {
            self.good = true;
            let rest = format.get(self.at..).unwrap_or_default();
            let text = rest.iter().position(|&byte| byte == b'%').unwrap_or(rest.len());
            if text > 0 {
                self.printer.output.push_part(self.format, self.at..self.at + text);
            }
            self.at += text;
            if self.at >= format.len() {
                break;
            }
            self.at += 1;
            if !self.verb()? {
                self.printer.mark("%!(NOVERB)");
                break;
            }
        }
        self.extra()
    }

    /// A verb behind its `%`; false where the format ends before it.
    fn verb(&mut self) -> Result<bool> {
        self.printer.flags = Flags::default();
        while let Some(byte) = self.byte() {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        let mut after_index = self.index();
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.number_argument() {
                Some(width) => {
                    self.printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        self.printer.flags.minus = true;
                        self.printer.flags.zero = false;
                    }
                }
                None => self.printer.mark("%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            self.printer.flags.width = self.number();
            self.good &= !(after_index && self.printer.flags.width.is_some());
        }
        if self.byte() == Some(b'.') && self.at + 1 < self.format.len() {
            self.at += 1;
            self.good &= !after_index;
            after_index = self.index();
            if self.byte() == Some(b'*') {
                self.at += 1;
                let precision = self.number_argument().and_then(|precision| usize::try_from(precision).ok());
                self.printer.flags.precision = precision;
                if precision.is_none() {
                    self.printer.mark("%!(BADPREC)");
                }
                after_index = false;
            } else {
                self.printer.flags.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.index();
        }
        let Some((verb, width)) = decode(self.format.as_bytes().get(self.at..).unwrap_or_default()) else {
            return Ok(false);
        };
        self.at += width;
        self.charge()?;
        match self.values.get(self.argument) {
            _ if verb == '%' => self.printer.mark("%"),
            _ if !self.good => self.printer.mark(&format!("%!{verb}(BADINDEX)")),
            None => self.printer.mark(&format!("%!{verb}(MISSING)")),
            Some(node) => {
                if matches!(verb, 'v' | 'w') {
                    let flags = &mut self.printer.flags;
                    flags.go_syntax = std::mem::take(&mut flags.sharp);
                    flags.names = std::mem::take(&mut flags.plus);
                }
                self.printer.argument(node, verb)?;
                self.argument += 1;
            }
        }
        Ok(true)
    }

    fn charge(&mut self) -> Result<()> {
        let Flags { width, precision, .. } = self.printer.flags;
        let wanted = width.unwrap_or(0).max(precision.unwrap_or(0));
        self.printer.exec.charge_bytes(wanted)?;
        Ok(self.printer.exec.charge(1)?)
    }

    /// An explicit argument index `[n]`, if one stands here. Whether it did.
    fn index(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = self.format.as_bytes().get(self.at..).unwrap_or_default();
        let close = rest.iter().position(|&byte| byte == b']');
        let Some(close) = close.filter(|_| rest.len() >= 3) else {
            self.good = false;
            self.at += 1;
            return false;
        };
        let digits = rest.get(1..close).unwrap_or_default();
        let number = (!digits.is_empty() && digits.len() < 8 && digits.iter().all(u8::is_ascii_digit))
            .then(|| digits.iter().fold(0usize, |number, digit| number * 10 + usize::from(digit - b'0')));
        self.at += close + 1;
        match number {
            Some(number) if (1..=self.values.len()).contains(&number) => {
                self.argument = number - 1;
                true
            }
            number => {
                self.good = false;
                number.is_some()
            }
        }
    }

    /// Digits; none where there are too many.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            let before: usize = number.unwrap_or(0);
            if before as i64 > LARGEST {
                self.at = self.format.len();
                return None;
            }
            number = Some(before * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// A width or precision that is an argument.
    fn number_argument(&mut self) -> Option<i64> {
        let node = self.values.get(self.argument)?;
        self.argument += 1;
        let number = match node.value {
            Value::Int(number) | Value::Int64(number) | Value::Duration(number) => number,
            Value::Uint8(number) => i64::from(number),
            Value::Uint64(number) => i64::try_from(number).ok()?,
            _ => return None,
        };
        (-LARGEST..=LARGEST).contains(&number).then_some(number)
    }

    /// Arguments that no verb took.
    fn extra(&mut self) -> Result<()> {
        let rest = self.values.get(self.argument..).unwrap_or_default();
        if self.reordered || rest.is_empty() {
            return Ok(());
        }
        self.printer.flags = Flags::default();
        self.printer.mark("%!(EXTRA ");
        for (at, node) in rest.iter().enumerate() {
            if at > 0 {
                self.printer.mark(", ");
            }
            if !matches!(node.value, Value::Nil) {
                self.printer.mark(&format!("{}=", node.value.type_name()));
            }
            self.printer.argument(node, 'v')?;
        }
        self.printer.mark(")");
        Ok(())
    }
}
