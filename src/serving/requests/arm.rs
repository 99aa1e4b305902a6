//! Which run a request is answered from, where several are served side by side.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use form_urlencoded::parse;
use utoipa::IntoParams;

use super::super::answers::OfRun;
use super::super::arms::Taken;
use super::super::problem::Problem;
use super::super::ranking::List;
use super::super::snapshot::Snapshot;
use super::super::state::State;

/// The arm in the query of a request, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "`Runs` reads it")]
pub(in super::super) struct ArmQuery {
    /// The arm that answers, where the service has several runs side by side; by default that of the user.
    #[param(nullable = false)]
    arm: Option<String>,
}

/// The runs of a request, one an arm, and the arm that it asks for.
pub(in super::super) struct Runs {
    taken: Arc<Taken>,
    asked: Option<usize>,
    app: State,
}

/// Entries of a batch that one run answers.
pub(in super::super) struct Part {
    pub(in super::super) snapshot: Arc<Snapshot>,
    /// Their places in the request.
    pub(in super::super) at: Vec<usize>,
}

impl Part {
    /// The lists of these entries, each with its place.
    pub(in super::super) fn of(self, lists: Vec<List>) -> impl Iterator<Item = (usize, OfRun)> {
        let Self { snapshot, at } = self;
        let of_run = move |(at, list)| {
            let snapshot = Arc::clone(&snapshot);
            (at, OfRun { snapshot, list })
        };
        at.into_iter().zip(lists).map(of_run)
    }
}

/// The lists of a batch in the order of the request.
pub(in super::super) fn in_order(mut lists: Vec<(usize, OfRun)>) -> Vec<OfRun> {
    lists.sort_by_key(|&(at, _)| at);
    lists.into_iter().map(|(_, list)| list).collect()
}

impl Runs {
    /// The run that is asked for, or else the one for a user.
    pub(in super::super) fn of_user(&self, key: &str) -> Result<Arc<Snapshot>, Problem> {
        self.using(self.arm_of_user(key))
    }

    /// The run that is asked for, or else the first one: for a request that is about no user.
    pub(in super::super) fn of_nobody(&self) -> Result<Arc<Snapshot>, Problem> {
        self.using(self.asked.unwrap_or(0))
    }

    /// The arm for a user.
    pub(in super::super) fn arm_of_user(&self, key: &str) -> usize {
        self.asked.unwrap_or_else(|| self.app.arms.of_user(key))
    }

    /// The arm for a history of which no user is told.
    pub(in super::super) fn arm_of_history<'a>(
        &self,
        keys: impl Iterator<Item = &'a str>,
    ) -> usize {
        self.asked.unwrap_or_else(|| self.app.arms.of_history(keys))
    }

    /// The entries of a batch by the run that answers them, given the arm of each.
    pub(in super::super) fn parts(
        &self,
        arms: impl Iterator<Item = usize>,
    ) -> Result<Vec<Part>, Problem> {
        let mut by_arm: Vec<Vec<usize>> = Vec::new();
        for (at, arm) in arms.enumerate() {
            if by_arm.len() <= arm {
                by_arm.resize(arm + 1, Vec::new());
            }
            by_arm[arm].push(at);
        }
        let parts = by_arm.into_iter().enumerate();
        let parts = parts.filter(|(_, at)| !at.is_empty());
        let part = |(arm, at)| self.using(arm).map(|snapshot| Part { snapshot, at });
        parts.map(part).collect()
    }

    /// The id of the run that all lists of a batch come from, where the service has one run.
    pub(in super::super) fn only(&self) -> Option<&str> {
        let first = self.taken.first()?;
        first.arm.is_none().then_some(&*first.id)
    }

    fn using(&self, arm: usize) -> Result<Arc<Snapshot>, Problem> {
        let snapshot = self.taken.using(arm);
        snapshot.cloned().ok_or_else(Problem::internal)
    }
}

impl FromRequestParts<State> for Runs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &State) -> Result<Self, Problem> {
        let taken = parts.extensions.get::<Arc<Taken>>();
        let taken = taken.cloned().ok_or_else(Problem::internal)?;
        let query = parts.uri.query().unwrap_or_default();
        let asked = parse(query.as_bytes()).find(|(name, _)| name == "arm");
        let asked = match asked {
            None => None,
            Some((_, name)) => Some(app.arms.named(&name).ok_or_else(|| unknown(app, &name))?),
        };
        Ok(Self {
            taken,
            asked,
            app: Arc::clone(app),
        })
    }
}

fn unknown(app: &State, name: &str) -> Problem {
    let names = app.arms.names();
    match names.is_empty() {
        true => Problem::unmet(
            format!("there is no arm `{name}`: this service has one run"),
            "leave `arm` out; `sagebrush serve --also RUN=SHARE` serves another run beside it",
        ),
        false => Problem::unmet(
            format!("there is no arm `{name}`"),
            &format!("there are `{}`", names.join("`, `")),
        ),
    }
}
