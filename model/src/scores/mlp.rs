//! A learned score: one hidden layer over both embeddings.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};

use crate::parameters::{Initializer, Named, ParamMut};

/// One hidden layer over both embeddings.
#[derive(Module, Debug)]
pub struct Mlp {
    /// `[width, hidden]`
    pub(crate) user_weight: Param<Tensor<2>>,
    /// `[width, hidden]`
    pub(crate) item_weight: Param<Tensor<2>>,
    /// `[hidden]`
    pub(crate) bias: Param<Tensor<1>>,
    /// `[hidden]`
    pub(crate) output: Param<Tensor<1>>,
    /// `[1]`
    pub(crate) output_bias: Param<Tensor<1>>,
}

impl Mlp {
    pub(super) fn new(width: usize, hidden: usize, initializer: &Initializer<'_>) -> Self {
        let side = |name| initializer.weight(name, width, hidden, 2 * width);
        Self {
            user_weight: side("score.user.weight"),
            item_weight: side("score.item.weight"),
            bias: initializer.zeros("score.bias", hidden),
            output: initializer.output_weight("score.output.weight", hidden),
            output_bias: initializer.zeros("score.output.bias", 1),
        }
    }

    /// The users' part of the hidden layer, `[batch, width] -> [batch, hidden]`.
    fn users(&self, users: Tensor<2>) -> Tensor<2> {
        users.matmul(self.user_weight.val()) + self.bias.val().unsqueeze()
    }

    /// `[batch, width], [batch, n, width] -> [batch, n]`
    pub(super) fn sets(&self, users: Tensor<2>, items: Tensor<3>) -> Tensor<2> {
        let [batch, n, width] = items.dims();
        let items = items
            .reshape([batch * n, width])
            .matmul(self.item_weight.val());
        let hidden = self.output.dims()[0];
        let users = self.users(users).unsqueeze_dim::<3>(1);
        let both = activation::relu(users + items.reshape([batch, n, hidden]));
        let sum = (both * self.output.val().unsqueeze()).sum_dim(2);
        sum.reshape([batch, n]) + self.output_bias.val().unsqueeze()
    }
}

impl Named for Mlp {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        vec![
            (
                "user.weight".to_owned(),
                ParamMut::Matrix(&mut self.user_weight),
            ),
            (
                "item.weight".to_owned(),
                ParamMut::Matrix(&mut self.item_weight),
            ),
            ("bias".to_owned(), ParamMut::Vector(&mut self.bias)),
            (
                "output.weight".to_owned(),
                ParamMut::Vector(&mut self.output),
            ),
            (
                "output.bias".to_owned(),
                ParamMut::Vector(&mut self.output_bias),
            ),
        ]
    }
}
