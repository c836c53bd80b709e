//! How many threads there are.

/// Bounds the threads of this process that judge files; the first call counts, later ones and those
/// after the first analysis change nothing.
pub fn limit_threads(number: usize) {
    let _ = rayon::ThreadPoolBuilder::new().num_threads(number.max(1)).build_global();
}
