//! What a render may use up: steps, output, depth. Templates are programs; these bounds are what
//! makes running an unknown one safe.

/// Bounds of one render. Crossing one ends it with [`Limit`], never with a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Work in small units: one for each node executed, function called and item handled, and one
    /// for some bytes produced or looked at.
    pub steps: u64,
    /// Most bytes that strings made while rendering may have in all.
    pub bytes: u64,
    /// Most template calls (`template`, `include`, `tpl`) inside each other.
    pub calls: u32,
    /// Bytes of the calling thread's stack that evaluation may use. Whoever raises it sees to it
    /// that the thread has that much and half a MiB to spare.
    pub stack: usize,
}

/// Bytes made or looked at that cost as much as one step.
const BYTES_A_STEP: u64 = 16;

impl Default for Bounds {
    /// 10 million steps (about a second), 64 MiB, 100,000 calls (as Go), 1 MiB of stack. The largest of
    /// some thousand public charts take a tenth of it.
    fn default() -> Self {
        Self { steps: 10_000_000, bytes: 64 << 20, calls: 100_000, stack: 1 << 20 }
    }
}

/// The bound that was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// [`Bounds::steps`]
    #[error("the template needs more than {0} steps")]
    Steps(u64),
    /// [`Bounds::bytes`]
    #[error("the template makes more than {0} bytes of text")]
    Bytes(u64),
    /// [`Bounds::calls`] or [`Bounds::stack`]
    #[error("the template calls itself too deeply")]
    Depth,
}

/// What is left of [`Bounds`].
#[derive(Clone, Debug)]
pub struct Budget {
    bounds: Bounds,
    steps: u64,
    bytes: u64,
    stack_base: usize,
}

impl Budget {
    /// A full budget for the calling thread: the stack is counted from here.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, steps: 0, bytes: 0, stack_base: stack_position() }
    }

    /// The bounds.
    #[must_use]
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Counts `count` steps.
    ///
    /// # Errors
    /// There are not as many left.
    pub fn steps(&mut self, count: u64) -> Result<(), Limit> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > self.bounds.steps { Err(Limit::Steps(self.bounds.steps)) } else { Ok(()) }
    }

    /// Counts text of `count` bytes, before or after it is made. Functions whose result may be
    /// much larger than their arguments ask before they make it.
    ///
    /// # Errors
    /// There are not as many bytes, or steps for them, left.
    pub fn bytes(&mut self, count: usize) -> Result<(), Limit> {
        self.bytes = self.bytes.saturating_add(count as u64);
        if self.bytes > self.bounds.bytes {
            return Err(Limit::Bytes(self.bounds.bytes));
        }
        self.steps(count as u64 / BYTES_A_STEP)
    }

    /// Counts text of `count` bytes that a function looks at.
    ///
    /// # Errors
    /// There are not as many steps left.
    pub fn read(&mut self, count: usize) -> Result<(), Limit> {
        self.steps(count as u64 / BYTES_A_STEP)
    }

    /// Whether the stack still has room for another level of recursion.
    ///
    /// # Errors
    /// More than [`Bounds::stack`] is in use.
    pub fn stack(&self) -> Result<(), Limit> {
        if self.stack_base.abs_diff(stack_position()) > self.bounds.stack {
            Err(Limit::Depth)
        } else {
            Ok(())
        }
    }

    /// Steps used so far.
    #[must_use]
    pub fn steps_used(&self) -> u64 {
        self.steps
    }

    /// Bytes used so far.
    #[must_use]
    pub fn bytes_used(&self) -> u64 {
        self.bytes
    }
}

/// About where the stack ends now.
#[inline(never)]
fn stack_position() -> usize {
    let here = 0u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dive(budget: &Budget, depth: u64) -> Result<u64, Limit> {
        budget.stack()?;
        let room = std::hint::black_box([depth; 32]);
        Ok(dive(budget, depth + 1)? + room[1])
    }

    #[test]
    fn endless_recursion_meets_the_stack_bound() {
        let budget = Budget::new(Bounds { stack: 256 << 10, ..Bounds::default() });
        assert_eq!(dive(&budget, 0), Err(Limit::Depth));
    }

    #[test]
    fn bytes_cost_steps_too() {
        let mut budget = Budget::new(Bounds { steps: 10, bytes: 10_000, ..Bounds::default() });
        assert_eq!(budget.bytes(160), Ok(()));
        assert_eq!(budget.read(16), Err(Limit::Steps(10)));
        assert_eq!(budget.bytes(100_000), Err(Limit::Bytes(10_000)));
    }
}
