//! Random values: from the seed of the render, the same in every render.

use super::{derived_text, fail, fixed};
use crate::helm::call::{Args, Function, FunctionResult, Type};
use crate::helm::encoding;
use crate::helm::exec::Exec;
use crate::helm::rope::Str;
use crate::helm::unicode;
use crate::helm::value::{Node, Value};

const COUNT: &[Type] = &[Type::Int];

pub(super) const TABLE: &[Function] = &[
    fixed("randAlpha", COUNT, |exec, args| letters(exec, args, |byte| byte.is_ascii_alphabetic())),
    fixed("randAlphaNum", COUNT, |exec, args| letters(exec, args, |byte| byte.is_ascii_alphanumeric())),
    fixed("randAscii", COUNT, |exec, args| letters(exec, args, |_| true)),
    fixed("randBytes", COUNT, |exec, args| {
        let Ok(count) = usize::try_from(args.int(0)) else {
            return fail("runtime error: makeslice: len out of range");
        };
        exec.charge_bytes(count.saturating_mul(2))?;
        exec.charge(count)?;
        let bytes = bytes(exec, count);
        derived_text(exec, args, encoding::base64(&bytes))
    }),
    fixed("randInt", &[Type::Int, Type::Int], |exec, args| {
        let (least, end) = (args.int(0), args.int(1));
        match u64::try_from(end.wrapping_sub(least)) {
            Ok(range) if range > 0 => {
                let value = least.wrapping_add_unsigned(exec.random() % range);
                super::derived(exec, args, Value::Int(value))
            }
            _ => fail("invalid argument to Intn"),
        }
    }),
    fixed("randNumeric", COUNT, |exec, args| letters(exec, args, |byte| byte.is_ascii_digit())),
    fixed("shuffle", &[Type::String], |exec, args| {
        let text = args.str(0);
        exec.charge(text.len())?;
        let mut runes: Vec<char> = unicode::runes(text.as_bytes()).map(|(character, _)| character).collect();
        for end in (1..runes.len()).rev() {
            let other = usize::try_from(exec.random() % (end as u64 + 1)).unwrap_or(0);
            runes.swap(end, other);
        }
        let shuffled: String = runes.into_iter().collect();
        let origin = exec.derive(args.all());
        Ok(Node::from(Str::whole(shuffled.as_bytes(), origin)))
    }),
    fixed("uuidv4", &[], |exec, args| {
        let mut bytes = bytes(exec, 16);
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or(""));
        derived_text(exec, args, parts.join("-"))
    }),
];

/// Random bytes.
pub(super) fn bytes(exec: &mut Exec<'_>, count: usize) -> Vec<u8> {
    let words = std::iter::repeat_with(|| exec.random().to_le_bytes()).take(count.div_ceil(8));
    let mut bytes: Vec<u8> = words.flatten().collect();
    bytes.truncate(count);
    bytes
}

/// Printable ASCII characters of a class; none for a negative count.
fn letters(exec: &mut Exec<'_>, args: &Args<'_>, class: fn(u8) -> bool) -> FunctionResult {
    let count = usize::try_from(args.int(0)).unwrap_or(0);
    exec.charge_bytes(count)?;
    exec.charge(count)?;
    let alphabet: Vec<u8> = (32..127).filter(|byte| class(*byte)).collect();
    let mut output = Vec::with_capacity(count);
    for _ in 0..count {
        let place = usize::try_from(exec.random() % alphabet.len().max(1) as u64).unwrap_or(0);
        output.extend(alphabet.get(place));
    }
    derived_text(exec, args, output)
}
