//! Layer 10: the engine, front door of the analysis.
//!
//! `Engine::analyze` tells what is wrong, `Engine::repair` what would mend it together with the
//! proof, `Engine::fix_text` does both for one text. Front ends (command line, editor, bots) need
//! nothing below.

mod outcome;

pub use outcome::{
    Analysis, Counts, FixOutcome, FixedText, Ignored, IgnoredBy, Outcome, Repair, Selection, Tally, Verified,
    VerifiedFile,
};
