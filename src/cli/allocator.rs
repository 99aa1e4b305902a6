//! The allocator's freed memory: kept while training steps reuse it, returned to the system between them. Without the
//! feature `mimalloc` the allocator is the host's, and does as it likes.

/// Keeps freed memory for a second: what one step frees, the next one uses.
pub fn keep_freed_memory() {
    #[cfg(feature = "mimalloc")]
    delay::set(delay::STEP_MS);
}

/// Gives freed memory back, what is there and what will be, so that the tables of one phase do not add
/// to those of the next.
pub fn return_freed_memory() {
    #[cfg(feature = "mimalloc")]
    {
        delay::set(0);
        // SAFETY: frees what nothing points to; may be called from any thread, and does nothing where the
        // process has another allocator.
        unsafe { libmimalloc_sys::mi_collect(true) };
    }
}

#[cfg(feature = "mimalloc")]
mod delay {
    use std::ffi::c_long;

    /// `mi_option_purge_delay` of mimalloc, which its crate does not name.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    /// Longer than a training step, so that its tables do not cost page faults anew each time (a tenth of
    /// a step).
    pub(super) const STEP_MS: c_long = 1000;

    /// `MIMALLOC_PURGE_DELAY` in the environment wins.
    pub(super) fn set(milliseconds: c_long) {
        if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
            // SAFETY: sets a number in the allocator, which reads it whenever it frees.
            unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds) };
        }
    }
}
