//! What can be wrong with a graph.

/// Why a graph cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// More entries than the tensor library can index.
    #[error(
        "{n_edges} interactions of {n_users} users and {n_items} items make an adjacency of {n_entries} \
         entries; the limit is {limit} (32-bit indices): filter the log (k_core, min_rating) or sample it",
        limit = i32::MAX
    )]
    TooLarge {
        /// Users.
        n_users: usize,
        /// Items.
        n_items: usize,
        /// Interactions, each counted once.
        n_edges: usize,
        /// Entries of the adjacency: both directions of each edge and a self-loop a node.
        n_entries: u64,
    },
}

/// Refuses a graph whose adjacency would not fit 32-bit signed indices.
pub(super) fn check_size(n_users: usize, n_items: usize, n_edges: usize) -> Result<(), GraphError> {
    let n_entries = 2 * n_edges as u64 + n_users as u64 + n_items as u64;
    if n_entries > i32::MAX as u64 {
        return Err(GraphError::TooLarge { n_users, n_items, n_edges, n_entries });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact_and_the_message_has_the_figure() {
        let half = (i32::MAX as usize - 3) / 2;
        assert_eq!(check_size(1, 2, half), Ok(()));
        let refused = check_size(2, 2, half).map_err(|e| e.to_string());
        assert!(refused.is_err_and(|message| message.contains("2147483648")));
    }
}
