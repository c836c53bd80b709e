//! Arithmetic: on 64-bit integers that wrap, on floats by way of exact decimals.

use super::{cast, decimal, derived, derived_text, fail, fixed, variadic};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::format::print_value;
use crate::helm::number;
use crate::helm::value::{List, ListKind, Node, Value};

const ANY: &[Type] = &[Type::Any];
const ANY_2: &[Type] = &[Type::Any, Type::Any];

pub(super) const TABLE: &[Function] = &[
    fixed("add1", ANY, |exec, args| {
        derived(exec, args, Value::Int64(cast::to_int(args.value(0)).wrapping_add(1)))
    }),
    fixed("add1f", ANY, |exec, args| decimals(exec, args, decimal::Operation::Add)),
    variadic("add", ANY, |exec, args| {
        let sum = args.all().iter().fold(0i64, |sum, node| sum.wrapping_add(cast::to_int(&node.value)));
        derived(exec, args, Value::Int64(sum))
    }),
    variadic("addf", ANY, |exec, args| decimals(exec, args, decimal::Operation::Sum)),
    fixed("atoi", &[Type::String], |exec, args| {
        let value = match number::parse_int(args.str(0).as_bytes(), 10) {
            Err(number::NumberError::Range) if args.str(0).as_bytes().starts_with(b"-") => i64::MIN,
            Err(number::NumberError::Range) => i64::MAX,
            value => value.unwrap_or(0),
        };
        derived(exec, args, Value::Int(value))
    }),
    variadic("biggest", ANY_2, max),
    fixed("ceil", ANY, |exec, args| derived(exec, args, cast::to_float(args.value(0)).ceil())),
    fixed("div", ANY_2, |exec, args| division(exec, args, i64::wrapping_div)),
    variadic("divf", ANY_2, |exec, args| decimals(exec, args, decimal::Operation::Divide)),
    fixed("float64", ANY, |exec, args| derived(exec, args, cast::to_float(args.value(0)))),
    fixed("floor", ANY, |exec, args| derived(exec, args, cast::to_float(args.value(0)).floor())),
    fixed("int", ANY, |exec, args| derived(exec, args, Value::Int(cast::to_int(args.value(0))))),
    fixed("int64", ANY, |exec, args| derived(exec, args, Value::Int64(cast::to_int(args.value(0))))),
    variadic("max", ANY_2, max),
    variadic("maxf", ANY_2, |exec, args| floats(exec, args, max_float)),
    variadic("min", ANY_2, |exec, args| {
        let least = args.all().iter().map(|node| cast::to_int(&node.value)).min();
        derived(exec, args, Value::Int64(least.unwrap_or(0)))
    }),
    variadic("minf", ANY_2, |exec, args| floats(exec, args, min_float)),
    fixed("mod", ANY_2, |exec, args| division(exec, args, i64::wrapping_rem)),
    variadic("mul", ANY_2, |exec, args| {
        let product =
            args.all().iter().fold(1i64, |product, node| product.wrapping_mul(cast::to_int(&node.value)));
        derived(exec, args, Value::Int64(product))
    }),
    variadic("mulf", ANY_2, |exec, args| decimals(exec, args, decimal::Operation::Multiply)),
    variadic("round", &[Type::Any, Type::Int, Type::Float], round),
    variadic("seq", &[Type::Int], seq),
    fixed("sub", ANY_2, |exec, args| {
        let difference = cast::to_int(args.value(0)).wrapping_sub(cast::to_int(args.value(1)));
        derived(exec, args, Value::Int64(difference))
    }),
    variadic("subf", ANY_2, |exec, args| decimals(exec, args, decimal::Operation::Subtract)),
    fixed("toDecimal", ANY, |exec, args| {
        let text = print_value(exec, &args.node(0))?;
        let value = number::parse_int(text.as_bytes(), 8).unwrap_or(0);
        derived(exec, args, Value::Int64(value))
    }),
    fixed("until", &[Type::Int], |exec, args| {
        let end = args.int(0);
        counted(exec, args, 0, end, if end < 0 { -1 } else { 1 })
    }),
    fixed("untilStep", &[Type::Int, Type::Int, Type::Int], |exec, args| {
        counted(exec, args, args.int(0), args.int(1), args.int(2))
    }),
];

fn max(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let most = args.all().iter().map(|node| cast::to_int(&node.value)).max();
    derived(exec, args, Value::Int64(most.unwrap_or(0)))
}

fn division(exec: &mut Exec<'_>, args: &Args<'_>, divide: fn(i64, i64) -> i64) -> FunctionResult {
    let (left, right) = (cast::to_int(args.value(0)), cast::to_int(args.value(1)));
    if right == 0 {
        return fail("runtime error: integer divide by zero");
    }
    derived(exec, args, Value::Int64(divide(left, right)))
}

fn floats(exec: &mut Exec<'_>, args: &Args<'_>, choose: fn(f64, f64) -> f64) -> FunctionResult {
    let chosen = args.all().iter().map(|node| cast::to_float(&node.value)).reduce(choose);
    derived(exec, args, chosen.unwrap_or(0.0))
}

/// Go's `math.Max`: infinity beats NaN, NaN beats numbers.
fn max_float(left: f64, right: f64) -> f64 {
    match (left, right) {
        _ if left == f64::INFINITY || right == f64::INFINITY => f64::INFINITY,
        _ if left.is_nan() || right.is_nan() => f64::NAN,
        _ if left == 0.0 && right == 0.0 => left + right,
        _ => left.max(right),
    }
}

fn min_float(left: f64, right: f64) -> f64 {
    match (left, right) {
        _ if left == f64::NEG_INFINITY || right == f64::NEG_INFINITY => f64::NEG_INFINITY,
        _ if left.is_nan() || right.is_nan() => f64::NAN,
        _ if left == 0.0 && right == 0.0 => {
            if left.is_sign_negative() {
                left
            } else {
                right
            }
        }
        _ => left.min(right),
    }
}

fn decimals(exec: &mut Exec<'_>, args: &Args<'_>, operation: decimal::Operation) -> FunctionResult {
    let numbers: Vec<f64> = args.all().iter().map(|node| cast::to_float(&node.value)).collect();
    exec.charge(numbers.len().saturating_mul(numbers.len()).saturating_mul(4))?;
    match decimal::fold(operation, &numbers) {
        Ok(value) => derived(exec, args, value),
        Err(message) => fail(message),
    }
}

fn round(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let (value, places) = (cast::to_float(args.value(0)), args.int(1));
    let round_on = if args.len() > 2 { args.float(2) } else { 0.5 };
    #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
    let power = power_of_ten(places as f64);
    let digit = power * value;
    let fraction = if digit.is_infinite() { f64::NAN } else { digit - digit.trunc() };
    let rounded = if fraction >= round_on { digit.ceil() } else { digit.floor() };
    derived(exec, args, rounded / power)
}

/// Go's `math.Pow(10, places)`, exact where a `float64` can be.
fn power_of_ten(places: f64) -> f64 {
    if places.abs() <= 400.0 {
        format!("1e{places}").parse().unwrap_or(1.0)
    } else if places > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
}

/// The integers from `start` towards `stop`, which is not among them; none where the step goes
/// the other way.
fn count(exec: &mut Exec<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, FunctionError> {
    let reachable = stop < start && step < 0 || stop > start && step > 0;
    if !reachable {
        return Ok(Vec::new());
    }
    let total = start.abs_diff(stop).div_ceil(step.unsigned_abs());
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    exec.charge(total)?;
    exec.charge_bytes(total.saturating_mul(size_of::<Node>()))?;
    let numbers = std::iter::successors(Some(start), |number| number.checked_add(step));
    Ok(numbers.take(total).collect())
}

fn counted(exec: &mut Exec<'_>, args: &Args<'_>, start: i64, stop: i64, step: i64) -> FunctionResult {
    let numbers = count(exec, start, stop, step)?;
    let origin = exec.derive(args.all());
    let items = numbers.into_iter().map(|number| Node::new(Value::Int(number), origin)).collect();
    Ok(Node::new(List::of_kind(ListKind::Ints, items), origin))
}

fn seq(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let number = |at: usize| args.int(at);
    let towards = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, end, step, extra) = match args.len() {
        1 => (1, number(0), towards(1, number(0)), towards(1, number(0))),
        2 => (number(0), number(1), towards(number(0), number(1)), towards(number(0), number(1))),
        3 if number(2) < number(0) && number(1) > 0 => return derived_text(exec, args, ""),
        3 => (number(0), number(2), number(1), towards(number(0), number(2))),
        _ => return derived_text(exec, args, ""),
    };
    let numbers = count(exec, start, end.wrapping_add(extra), step)?;
    let words: Vec<String> = numbers.iter().map(i64::to_string).collect();
    derived_text(exec, args, words.join(" "))
}
