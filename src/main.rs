//! The `seaworthy` program: nothing but the exit code.

fn main() {}
