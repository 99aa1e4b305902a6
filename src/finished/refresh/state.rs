//! What a run knows of interactions and vectors, and how a newer log changes it.

use super::OpenRun;
use super::new_log::{NewLog, Row};
use crate::data::{AlsoSeen, Csr, ItemLists, PairColumns, iso_date, moment_of};
use crate::error::Result;
use crate::inference::{ItemPrior, Popularity, Tables, to_stored};
use crate::run::{File, HostTensor, RefreshNotes, RunWriter, SeenColumns, StoredRefresh};

/// Interactions of a run and what its scores are made of, for some numbers of users and items.
pub(super) struct State {
    n_users: usize,
    n_items: usize,
    train: ItemLists,
    validation: ItemLists,
    columns: SeenColumns,
    refreshed: StoredRefresh,
    /// Pairs besides, that no list may hold.
    also: Vec<(u32, u32)>,
    pub(super) prior: Option<ItemPrior>,
    /// `None` for a graph filter.
    vectors: Option<Vectors>,
    /// New or newer pairs of the log.
    pub(super) n_new: usize,
}

/// The model's own rows, without the prior.
struct Vectors {
    dim: usize,
    users: Vec<f32>,
    items: Vec<f32>,
}

impl State {
    /// The state of the run as it is.
    pub(super) fn of(run: &OpenRun) -> Result<Self> {
        let (n_users, n_items) = (run.recommender.users().len(), run.recommender.items().len());
        let nothing = || StoredRefresh {
            lists: ItemLists::from_pairs(n_users, std::iter::empty()),
            columns: PairColumns::default(),
            notes: RefreshNotes {
                n_refreshes: 0,
                n_users_before: n_users,
                n_items_before: n_items,
                date: String::new(),
            },
        };
        let tables = run.recommender.scorer().tables();
        Ok(Self {
            n_users,
            n_items,
            train: run.lists.train.clone(),
            validation: run.lists.validation.clone(),
            columns: run.dir.interaction_columns(&run.lists)?,
            refreshed: run.refreshed.clone().unwrap_or_else(nothing),
            also: Vec::new(),
            prior: run.dir.prior(n_items)?.map(ItemPrior::from_stored),
            vectors: tables.map(|tables| Vectors {
                dim: tables.own_dim(),
                users: tables.own_users().into_owned(),
                items: tables.own_items().into_owned(),
            }),
            n_new: 0,
        })
    }

    /// The newest known interaction.
    pub(super) fn moment(&self) -> Option<i64> {
        let prior = self.prior.as_ref().map(ItemPrior::moment);
        prior.or_else(|| moment_of(&self.known().1.times))
    }

    /// Whether the prior is a column of the tables.
    pub(super) fn has_coordinate(&self, run: &OpenRun) -> bool {
        let tables = run.recommender.scorer().tables();
        tables.is_some_and(|tables| tables.prior().is_some())
    }

    /// Everything that was taken, and what is known of each pair: the newest word counts.
    fn known(&self) -> (ItemLists, PairColumns) {
        let parts = [&self.train, &self.validation];
        let columns = [&self.columns.train, &self.columns.validation];
        let (lists, columns) = (
            parts[0].union(parts[1]),
            PairColumns::of_union(parts, columns),
        );
        let parts = [&self.refreshed.lists, &lists];
        let all = PairColumns::of_union(parts, [&self.refreshed.columns, &columns]);
        (parts[1].union(parts[0]), all)
    }

    /// The state with a newer log. New items have zero rows, users are as before until they are placed.
    pub(super) fn with(mut self, log: &NewLog) -> Self {
        let (known, columns) = self.known();
        let is_new = |row: &&Row| {
            let at = match (row.user as usize) < known.n_users() {
                true => known.of(row.user).binary_search(&row.item).ok(),
                false => None,
            };
            let time = at.map(|at| columns.times.get(known.row_ptr()[row.user as usize] + at));
            match time {
                None => true,
                Some(time) => log.has_times && time.is_some_and(|&time| row.time > time),
            }
        };
        let new: Vec<Row> = log.rows.iter().filter(is_new).copied().collect();
        self.n_new = new.len();
        self.n_users += log.n_new_users();
        self.n_items += log.n_new_items();
        let n_users = self.n_users;
        self.train = with_users(&self.train, n_users);
        self.validation = with_users(&self.validation, n_users);
        let before = with_users(&self.refreshed.lists, n_users);
        let pairs = new.iter().map(|row| (row.user, row.item));
        let lists = ItemLists::from_pairs(n_users, pairs);
        let columns = PairColumns {
            weights: match log.has_weights {
                true => new.iter().map(|row| row.weight).collect(),
                false => Vec::new(),
            },
            times: match log.has_times {
                true => new.iter().map(|row| row.time).collect(),
                false => Vec::new(),
            },
        };
        let parts = [&lists, &before];
        self.refreshed.columns = PairColumns::of_union(parts, [&columns, &self.refreshed.columns]);
        self.refreshed.lists = before.union(&lists);
        self.refreshed.notes.n_refreshes += 1;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        self.refreshed.notes.date = iso_date(now.map_or(0, |now| now.as_secs()) as i64);
        self.also.clone_from(&log.also_seen);
        if let Some(vectors) = &mut self.vectors {
            vectors.users.resize(n_users * vectors.dim, 0.0);
            vectors.items.resize(self.n_items * vectors.dim, 0.0);
        }
        if let Some(prior) = &self.prior {
            let (lists, columns) = self.known();
            if let Some(moment) = moment_of(&columns.times) {
                let settings = prior.settings();
                let times = &columns.times;
                self.prior = Some(ItemPrior::at(settings, &lists, times, moment, self.n_items));
            }
        }
        self
    }

    /// Whether an item has a vector.
    pub(super) fn has_vector(&self, item: usize) -> bool {
        let row = |vectors: &Vectors| {
            let own = &vectors.items[item * vectors.dim..][..vectors.dim];
            own.iter().any(|&value| value != 0.0)
        };
        self.vectors.as_ref().is_some_and(row)
    }

    /// The vector of an item.
    pub(super) fn set_item(&mut self, item: usize, row: &[f32]) {
        if let Some(vectors) = &mut self.vectors {
            vectors.items[item * vectors.dim..][..vectors.dim].copy_from_slice(row);
        }
    }

    /// Gives vectors to the users whom training did not know, and to those whose vector is a function of their items and
    /// who have new ones.
    pub(super) fn place_users(&mut self, run: &OpenRun) -> Result<()> {
        let Some(vectors) = &mut self.vectors else {
            return Ok(());
        };
        let half_life = run
            .config
            .pinsage
            .as_ref()
            .and_then(|own| own.half_life_days);
        // Users and items of before keep their ids, and new ones have nothing in training.
        let trained = with_users(run.trained_on(), self.n_users);
        let parts = [&self.refreshed.lists, &trained];
        let of_training = run.trained_columns()?;
        let columns = PairColumns::of_union(parts, [&self.refreshed.columns, &of_training]);
        let histories = parts[1].union(parts[0]);
        let counting = match columns.times.len() == histories.n_pairs() {
            true => columns.counting(false, half_life),
            false => Vec::new(),
        };
        let scorer = run.recommender.scorer();
        let is_placed = |user: &u32| {
            let has_new = !self.refreshed.lists.of(*user).is_empty();
            has_new && (scorer.places_all() || trained.of(*user).is_empty())
        };
        let placed: Vec<u32> = (0..self.n_users as u32).filter(is_placed).collect();
        let n_known = run.recommender.items().len();
        let mut weights = Vec::new();
        // Items without a vector say nothing of anybody.
        let mut pairs = Vec::new();
        for (row, &user) in (0..).zip(&placed) {
            let start = histories.row_ptr()[user as usize];
            for (at, &item) in histories.of(user).iter().enumerate() {
                let own = &vectors.items[item as usize * vectors.dim..][..vectors.dim];
                if (item as usize) < n_known || own.iter().any(|&value| value != 0.0) {
                    pairs.push((row, item));
                    weights.extend(counting.get(start + at));
                }
            }
        }
        let known = ItemLists::from_pairs(placed.len(), pairs.into_iter());
        let Some(rows) = scorer.vectors_of(&vectors.items, &known, &weights)? else {
            return Ok(());
        };
        for (&user, row) in placed.iter().zip(rows.chunks_exact(vectors.dim.max(1))) {
            vectors.users[user as usize * vectors.dim..][..vectors.dim].copy_from_slice(row);
        }
        Ok(())
    }

    /// Writes popularity as of now, and neighbours and weights with new items that have none.
    fn write_item_models(&self, run: &OpenRun, writer: &mut RunWriter) -> Result<()> {
        let n_before = run.recommender.items().len();
        if let Some(own) = &run.config.popularity {
            let (known, columns) = self.known();
            let moment = moment_of(&columns.times);
            let popularity = match own.half_life_days.zip(moment) {
                None => Popularity::new(&known, self.n_items),
                Some((half_life, moment)) => {
                    Popularity::recent(&known, &columns.times, moment, half_life, self.n_items)
                }
            };
            writer.write_popularity(popularity.counts())?;
        }
        if run.dir.has(File::ItemKnn) {
            let known = run.dir.item_knn(n_before)?;
            let rows = (0..self.n_items as u32).map(|item| {
                let (items, similarities) = match (item as usize) < n_before {
                    true => known.weighted_row(item),
                    false => (&[][..], &[][..]),
                };
                items.iter().copied().zip(similarities.iter().copied())
            });
            writer.write_item_knn(&Csr::from_rows(rows))?;
        }
        if run.dir.has(File::Ease) {
            let known = run.dir.ease(n_before)?;
            let mut weights = Vec::with_capacity(self.n_items * self.n_items);
            for row in known.chunks_exact(n_before.max(1)) {
                weights.extend_from_slice(row);
                weights.resize(weights.len() + self.n_items - n_before, 0.0);
            }
            weights.resize(self.n_items * self.n_items, 0.0);
            writer.write_ease(&weights, self.n_items)?;
        }
        Ok(())
    }

    /// Interactions of the test part that no log has told since.
    pub(super) fn n_untold_of_test(&self, run: &OpenRun) -> usize {
        let n_known = run.recommender.users().len();
        let test = run.dir.test(n_known, run.recommender.items().len());
        let Ok(test) = test else {
            return 0;
        };
        let is_untold = |&(user, item): &(u32, u32)| {
            !self.refreshed.lists.contains(user, item) && !self.train.contains(user, item)
        };
        test.pairs().filter(is_untold).count()
    }

    /// Writes interactions, prior and vectors.
    pub(super) fn write(&self, run: &OpenRun, writer: &mut RunWriter) -> Result<()> {
        let (n_before, n_items_before) =
            (run.recommender.users().len(), run.recommender.items().len());
        writer.write_interactions(
            (&self.train, &self.columns.train),
            (&self.validation, &self.columns.validation),
        )?;
        let test = run.dir.test(n_before, n_items_before)?;
        let columns = run.dir.test_columns(&test)?;
        writer.write_test(&with_users(&test, self.n_users), &columns)?;
        let also = run.dir.also_seen(n_before, n_items_before)?;
        if also.is_some() || !self.also.is_empty() {
            let nobody = || ItemLists::from_pairs(self.n_users, std::iter::empty());
            let also = also.map(|also| also.map(|lists| with_users(&lists, self.n_users)));
            let mut also = also.unwrap_or_else(|| AlsoSeen {
                before_validation: nobody(),
                before_test: nobody(),
                later: nobody(),
            });
            let new = ItemLists::from_pairs(self.n_users, self.also.iter().copied());
            also.later = also.later.union(&new);
            writer.write_also_seen(&also)?;
        }
        writer.write_refreshed(&self.refreshed)?;
        if let (Some(prior), Some(mut stored)) = (&self.prior, run.dir.prior(n_items_before)?) {
            stored.popularity = prior.popularity().to_vec();
            stored.notes.moment = prior.moment();
            writer.write_prior(&stored)?;
        }
        if let (Some(vectors), Some(old)) = (&self.vectors, run.recommender.scorer().tables()) {
            let (users, items) = (vectors.users.clone(), vectors.items.clone());
            let head = old.head().clone();
            let tables = Tables::new(self.n_users, self.n_items, vectors.dim, users, items, head)?;
            let tables = match &self.prior {
                Some(prior) if self.has_coordinate(run) => {
                    tables.with_prior(prior.weight(), &prior.terms())
                }
                _ => tables,
            };
            writer.write_embeddings(&to_stored(&tables))?;
        }
        self.write_item_models(run, writer)?;
        if run.dir.has(File::Filter) {
            let mut filter = run.dir.filter()?;
            let n_vectors = filter.values.values.len();
            let mut values = filter.vectors.values;
            values.resize(self.n_items * n_vectors, 0.0);
            filter.vectors = HostTensor {
                shape: vec![self.n_items, n_vectors],
                values,
            };
            writer.write_filter(&filter)?;
        }
        Ok(())
    }
}

/// The same lists with users behind them who have nothing.
fn with_users(lists: &ItemLists, n_users: usize) -> ItemLists {
    ItemLists::from_pairs(n_users, lists.pairs())
}
