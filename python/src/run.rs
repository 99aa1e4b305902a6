//! Runs: trained, opened, resumed; their answers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sagebrush::{Dataset, Effort, Error, Recommender, RefitOn, Run};

use crate::call::{ask, work};
use crate::dataset::{NativeDataset, NativeSplit};
use crate::errors::Fault;
use crate::explain::{Whom, explained};
use crate::export;
use crate::histories::{People, people_of};
use crate::keys::{Key, Keys, lists_of_texts, texts};
use crate::list_options::Options;
use crate::lists::{Lister, Unknown};
use crate::settings::given;
use crate::table::{NativeTable, reader_of};
use crate::vectors::NativeVectors;
use crate::watch::Watch;

/// A finished run.
#[pyclass(frozen, module = "sagebrush._sagebrush")]
pub(crate) struct NativeRun {
    run: Run,
    /// Loaded when the first answer is asked for.
    opened: Mutex<Option<Arc<Opened>>>,
}

/// What answers need.
struct Opened {
    recommender: Arc<Recommender>,
    users: Keys,
    items: Keys,
}

impl Opened {
    fn lister(&self) -> Lister<'_> {
        Lister {
            recommender: &self.recommender,
            users: &self.users,
            items: &self.items,
        }
    }
}

impl NativeRun {
    fn of(run: Run) -> Self {
        Self {
            run,
            opened: Mutex::new(None),
        }
    }

    fn opened(&self) -> Result<Arc<Opened>, Fault> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &*opened {
            return Ok(Arc::clone(opened));
        }
        let (users, items) = came_as_texts(&self.run);
        let new = Arc::new(Opened {
            recommender: Arc::new(self.run.recommender()?),
            users: Keys::new(users),
            items: Keys::new(items),
        });
        *opened = Some(Arc::clone(&new));
        Ok(new)
    }

    /// Asks what is loaded.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&Opened) -> Result<T, Fault> + Send,
    ) -> PyResult<T> {
        ask(py, || question(&*self.opened()?))
    }
}

/// Whether the keys of users, and of items, came as texts in a table.
fn came_as_texts(run: &Run) -> (bool, bool) {
    let read = std::fs::read_to_string(run.path().join("data.json"));
    let record = read
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let columns =
        record.and_then(|mut record| Some(record.get_mut("cleaning")?.get_mut("columns")?.take()));
    let any = |name: &str| {
        let columns = columns
            .iter()
            .flat_map(|columns| columns.as_array())
            .flatten();
        columns
            .into_iter()
            .any(|column| column[name] == serde_json::Value::Bool(true))
    };
    (any("user_is_text"), any("item_is_text"))
}

#[pymethods]
impl NativeRun {
    /// Trains on a data set by the settings.
    #[staticmethod]
    fn fit(
        py: Python<'_>,
        dataset: &NativeDataset,
        settings: &Bound<'_, PyDict>,
        effort: &str,
        out: PathBuf,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (given, effort) = (given(settings)?, effort_of(py, effort)?);
        let watch = Watch::new(tell);
        let run = work(py, &watch, || {
            if given.model().is_some() {
                given.clone().resolved()?;
            }
            let dataset = Dataset::clone(&dataset.data);
            Ok(sagebrush::train(dataset, given, effort, out, &watch)?)
        })?;
        Ok(Self::of(run))
    }

    /// Trains on a split, with more settings than it was cut by.
    #[staticmethod]
    fn fit_split(
        py: Python<'_>,
        split: &NativeSplit,
        settings: &Bound<'_, PyDict>,
        effort: &str,
        out: PathBuf,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (given, effort) = (given(settings)?, effort_of(py, effort)?);
        let watch = Watch::new(tell);
        let run = work(py, &watch, || {
            let config = match given.model() {
                Some(_) => given.of_data(&split.config.data)?.resolved()?.config,
                None => sagebrush::choose(&split.split, effort, &watch)?,
            };
            Ok(sagebrush::fit(&config, &split.split, out, &watch)?)
        })?;
        Ok(Self::of(run))
    }

    /// Opens a finished run.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self::of(ask(py, || Ok(Run::open(path)?))?))
    }

    /// Resumes a training that was stopped; `dataset` is given where it was trained on a table.
    #[staticmethod]
    fn resume(
        py: Python<'_>,
        path: PathBuf,
        dataset: Option<&NativeDataset>,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let watch = Watch::new(tell);
        let run = work(py, &watch, || {
            Ok(match dataset {
                None => Run::resume(path, &watch)?,
                Some(dataset) => Run::resume_on(path, Dataset::clone(&dataset.data), &watch)?,
            })
        })?;
        Ok(Self::of(run))
    }

    /// Trains the model again on more of the data.
    fn refit(
        &self,
        py: Python<'_>,
        out: PathBuf,
        on: &str,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let watch = Watch::new(tell);
        let run = work(py, &watch, || {
            let on = match on {
                "everything" => RefitOn::Everything,
                "training+validation" => RefitOn::TrainingAndValidation,
                other => {
                    let known = "\"everything\" or \"training+validation\"";
                    return Err(Fault::Usage(format!("on={other:?} is neither {known}")));
                }
            };
            Ok(self.run.refit(out, on, &watch)?)
        })?;
        Ok(Self::of(run))
    }

    /// Brings it up to date, in place or as a new run; what was new as JSON, or nothing.
    fn refresh(
        &self,
        py: Python<'_>,
        newer: &NativeDataset,
        out: Option<PathBuf>,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Option<String>> {
        let watch = Watch::new(tell);
        let done = work(py, &watch, || {
            let done = self.run.refresh(&newer.data, out.as_deref(), &watch)?;
            if out.is_none() {
                *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            done.map(|done| json(&done)).transpose()
        })?;
        Ok(done)
    }

    /// Measures it on the test part; the result as JSON.
    fn evaluate(
        &self,
        py: Python<'_>,
        ks: Vec<usize>,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let watch = Watch::new(tell);
        work(py, &watch, || {
            let path = self.run.path();
            json(&sagebrush::cli::reports::evaluate(path, ks, &watch)?)
        })
    }

    /// Its report, a page of HTML.
    fn report(&self, py: Python<'_>) -> PyResult<String> {
        ask(py, || Ok(sagebrush::cli::reports::page(self.run.path())?))
    }

    /// Where it is.
    fn path(&self) -> PathBuf {
        self.run.path().to_owned()
    }

    /// The name of its model.
    fn model(&self) -> &'static str {
        self.run.config().model.name.as_str()
    }

    /// Its complete settings, as TOML.
    fn config(&self) -> String {
        self.run.config().to_toml()
    }

    /// A newer log, of a file or a table, read as the run's own was.
    fn newer(
        &self,
        py: Python<'_>,
        log: &Bound<'_, PyAny>,
        items: Option<PathBuf>,
    ) -> PyResult<NativeDataset> {
        let mut data = self.run.config().data.clone();
        data.test.clear();
        (data.k_core, data.bundled, data.items) = (None, None, items);
        let watch = Watch::new(None);
        let read = if log.hasattr("__arrow_c_stream__")? {
            let reader = reader_of(log)?;
            work(py, &watch, move || {
                let read = Dataset::from_arrow(reader, &data)?;
                Ok(match &data.items {
                    Some(items) => read.with_items(items)?,
                    None => read,
                })
            })
        } else {
            data.train = vec![log.extract()?];
            work(py, &watch, move || Ok(Dataset::read_configured(&data)?))
        };
        Ok(NativeDataset::of(read?))
    }

    /// The numbers of users and items.
    fn counts(&self, py: Python<'_>) -> PyResult<(usize, usize)> {
        self.ask(py, |opened| {
            let recommender = &opened.recommender;
            Ok((recommender.users().len(), recommender.items().len()))
        })
    }

    /// All keys of `users` or `items` in the order of the vectors, as a table of one column.
    fn keys(&self, py: Python<'_>, of_users: bool) -> PyResult<NativeTable> {
        self.ask(py, |opened| {
            let recommender = &opened.recommender;
            let (name, keys, map) = match of_users {
                true => ("user", &opened.users, recommender.users()),
                false => ("item", &opened.items, recommender.items()),
            };
            NativeTable::of_column(name, keys.all(map))
        })
    }

    /// The vectors of users or items; `None` where the model has none.
    fn vectors(&self, py: Python<'_>, of_users: bool) -> PyResult<Option<NativeVectors>> {
        self.ask(py, |opened| {
            Ok(NativeVectors::new(
                Arc::clone(&opened.recommender),
                of_users,
            ))
        })
    }

    /// The lists of some users, or of all.
    fn recommend(
        &self,
        py: Python<'_>,
        users: Option<Vec<Key>>,
        unknown: &str,
        options: Options,
    ) -> PyResult<NativeTable> {
        self.ask(py, |opened| {
            let unknown = Unknown::of(unknown)?;
            opened
                .lister()
                .of_users(users.map(texts), unknown, &options.into())
        })
    }

    /// The lists for people who are not in the log, by what they have.
    fn recommend_for(
        &self,
        py: Python<'_>,
        names: Vec<Key>,
        are_numbers: bool,
        histories: &Bound<'_, PyList>,
        unknown: &str,
        options: Options,
    ) -> PyResult<NativeTable> {
        let histories = lists_of_texts(histories)?;
        self.ask(py, |opened| {
            let (names, unknown) = (texts(names), Unknown::of(unknown)?);
            let lister = opened.lister();
            lister.of_histories(&names, are_numbers, &histories, unknown, &options.into())
        })
    }

    /// The lists for the people of a table of histories.
    fn recommend_table(
        &self,
        py: Python<'_>,
        frame: &Bound<'_, PyAny>,
        unknown: &str,
        options: Options,
    ) -> PyResult<NativeTable> {
        let reader = reader_of(frame)?;
        self.ask(py, move |opened| {
            let (people, unknown) = (people_of(reader)?, Unknown::of(unknown)?);
            let People {
                names,
                are_numbers,
                histories,
            } = people;
            opened
                .lister()
                .of_histories(&names, are_numbers, &histories, unknown, &options.into())
        })
    }

    /// Writes the lists of all users to a file.
    fn export_lists(&self, py: Python<'_>, path: PathBuf, options: Options) -> PyResult<()> {
        self.ask(py, |opened| {
            export::lists(&opened.recommender, &path, &options.into())
        })
    }

    /// Writes the vectors of users or items to a file.
    fn export_vectors(&self, py: Python<'_>, path: PathBuf, of_users: bool) -> PyResult<()> {
        self.ask(py, |opened| {
            export::vectors(&opened.recommender, &path, of_users)
        })
    }

    /// The items most like these.
    fn similar(&self, py: Python<'_>, items: Vec<Key>, options: Options) -> PyResult<NativeTable> {
        self.ask(py, |opened| {
            opened.lister().similar(&texts(items), &options.into())
        })
    }

    /// Why items are listed for a user or a history.
    #[allow(clippy::type_complexity)]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        user: Option<Key>,
        history: Option<Vec<Key>>,
        items: Option<Vec<Key>>,
        k: usize,
        n_reasons: usize,
    ) -> PyResult<
        Vec<(
            Bound<'py, PyAny>,
            f32,
            &'static str,
            Vec<(Bound<'py, PyAny>, f32)>,
            f32,
            f32,
            f32,
        )>,
    > {
        let found = self.ask(py, |opened| {
            let whom = match (user, history) {
                (Some(user), None) => Whom::User(user.0),
                (None, Some(history)) => Whom::History(texts(history)),
                _ => {
                    return Err(Fault::Usage(
                        "name a user or a history, and not both".to_owned(),
                    ));
                }
            };
            explained(&opened.recommender, whom, items.map(texts), k, n_reasons)
        })?;
        let opened = self.ask(py, |_| self.opened())?;
        let map = opened.recommender.items();
        let key = |key: &str| opened.items.to_python(py, map, key);
        let typed =
            found
                .into_iter()
                .map(|(item, score, how, reasons, others, popularity, rest)| {
                    let reasons = reasons.iter().map(|(item, share)| Ok((key(item)?, *share)));
                    let reasons = reasons.collect::<PyResult<_>>()?;
                    Ok((key(&item)?, score, how, reasons, others, popularity, rest))
                });
        typed.collect()
    }
}

fn effort_of(py: Python<'_>, name: &str) -> PyResult<Effort> {
    let unknown = || {
        let message = format!("effort={name:?} is none of \"quick\", \"normal\" and \"thorough\"");
        Fault::Usage(message).raised(py)
    };
    Effort::from_name(name).ok_or_else(unknown)
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Library(Error::from(error)))
}
