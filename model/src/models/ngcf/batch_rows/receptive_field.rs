//! Receptive fields: which rows of each level a batch depends on.

use crate::kernels::cpu::spmm::CsrView;

/// Nodes in ascending order.
#[derive(Debug)]
pub(crate) struct ReceptiveField {
    pub(super) nodes: Vec<u32>,
    /// One flag a node of the graph; `None` when `nodes` are all of them.
    member: Option<Vec<bool>>,
}

impl ReceptiveField {
    /// The rows to compute of each level, 0 to the last: the last level's are `nodes`.
    pub(super) fn levels(matrix: CsrView<'_>, nodes: &[u32], n_layers: usize) -> Vec<Self> {
        let mut member = vec![false; matrix.row_ptr.len() - 1];
        for &node in nodes {
            member[node as usize] = true;
        }
        let mut levels = vec![Self::of(member)];
        for _ in 0..n_layers {
            levels.push(levels[levels.len() - 1].with_neighbours(matrix));
        }
        levels.reverse();
        levels
    }

    fn of(member: Vec<bool>) -> Self {
        let numbered = (0u32..).zip(&member);
        let nodes: Vec<u32> = numbered.filter(|m| *m.1).map(|m| m.0).collect();
        Self {
            member: (nodes.len() < member.len()).then_some(member),
            nodes,
        }
    }

    /// These nodes and their neighbours. All nodes where the nodes have half of all edges: nearly
    /// all will be needed, and testing each edge would cost more than the rows it spares.
    fn with_neighbours(&self, matrix: CsrView<'_>) -> Self {
        let row_ptr = matrix.row_ptr;
        let edges =
            |node: u32| row_ptr[node as usize] as usize..row_ptr[node as usize + 1] as usize;
        let n_edges: usize = self.nodes.iter().map(|&node| edges(node).len()).sum();
        let mut member = match &self.member {
            Some(member) if 2 * n_edges < matrix.columns.len() => member.clone(),
            _ => vec![true; row_ptr.len() - 1],
        };
        if 2 * n_edges < matrix.columns.len() {
            for &node in &self.nodes {
                for &column in &matrix.columns[edges(node)] {
                    member[column as usize] = true;
                }
            }
        }
        Self::of(member)
    }

    pub(super) fn contains(&self, node: u32) -> bool {
        self.member
            .as_ref()
            .is_none_or(|member| member[node as usize])
    }

    /// The place of a node, which must be a member, among `nodes`.
    pub(super) fn place(&self, node: u32) -> usize {
        match &self.member {
            None => node as usize,
            Some(_) => self.nodes.partition_point(|&n| n < node),
        }
    }

    /// The flags, unless every node is a member.
    pub(super) fn flags(&self) -> Option<&[bool]> {
        self.member.as_deref()
    }
}
