//! BPR over all pairs.

use burn::tensor::Tensor;

use super::softplus::softplus;

/// BPR in full: per user the mean over all pairs of a positive and a non-positive item, then the
/// mean over users that have both. Cubic in memory; for tests and tiny data.
///
/// # Shapes
/// `scores [n_users, n_items]`, `positives [n_users, n_items]` of zeros and ones `-> [1]`.
/// Without a user that has both, the result is 0.
pub fn bpr_full(scores: Tensor<2>, positives: Tensor<2>) -> Tensor<1> {
    let negatives = positives.clone().neg() + 1.0;
    let n_pairs = positives.clone().sum_dim(1) * negatives.clone().sum_dim(1);
    let weight = n_pairs.clone().clamp_min(1.0).recip();
    let n_users = n_pairs.greater_elem(0.5).float().sum().clamp_min(1.0);
    let gap = scores.clone().unsqueeze_dim::<3>(1) - scores.unsqueeze_dim::<3>(2);
    let pairs = positives.unsqueeze_dim::<3>(2) * negatives.unsqueeze_dim::<3>(1);
    (softplus(gap) * pairs * weight.unsqueeze_dim::<3>(2)).sum() / n_users
}
