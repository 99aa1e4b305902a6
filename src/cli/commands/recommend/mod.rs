//! `recommend`: top-K lists for some users, histories or everybody, to a terminal or a file.

mod output;
mod people;
mod why;

use crate::cli::args::RecommendArgs;
use crate::cli::commands::item_choice;
use crate::cli::session::Session;
use crate::config::DeviceName;
use crate::error::Result;
use crate::export::KeyTypes;
use crate::finished::{OpenRun, Seen};
use crate::inference::{Recommender, RecommenderError, UserList};

/// Lists, some thousands at a time: memory does not grow with their number.
type Blocks<'a> = Box<dyn Iterator<Item = Result<Vec<UserList>, RecommenderError>> + 'a>;

/// Runs `recommend`.
pub(super) fn recommend(session: &Session, args: &RecommendArgs) -> Result<()> {
    let form = output::Form::of(session, args)?;
    let run = args
        .new
        .add_to(OpenRun::open(&args.run, Seen::Everything)?)?;
    let device = args.device.as_deref().and_then(DeviceName::from_name);
    let run = run.rank_on(session, device)?;
    let mut options = item_choice::options(session, &run, &args.items, args.k as usize)?
        .including_seen(args.include_seen)
        .reranked(args.rerank.settings());
    if args.why {
        let n = args.reasons.map(|n| n as usize);
        options = options.with_reasons(n.unwrap_or_else(|| form.reasons()));
    }
    item_choice::remark_on_k(
        session,
        args.k as usize,
        run.recommender.items().len(),
        "items",
    );
    let lists = people::lists(session, &run, args, &options)?;
    let types = types(&run.recommender, args);
    output::write(session, &run.recommender, lists, &form, types)
}

/// Which keys are numbers; the names of people who are not in the log need not be.
fn types(recommender: &Recommender, args: &RecommendArgs) -> KeyTypes {
    let of_log = KeyTypes::of(recommender.users(), recommender.items());
    let are_users = !args.has_history() && args.histories.is_none();
    KeyTypes {
        users_are_numbers: of_log.users_are_numbers && are_users,
        ..of_log
    }
}
