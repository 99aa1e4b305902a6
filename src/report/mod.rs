//! Self-contained pages for people: `report.html` about a run, `search.html` about a search. No network, no script.

mod chart;
mod data;
mod figures;
mod page;
#[cfg(test)]
mod page_tests;
mod popularity;
mod search;
mod tables;
mod verdict;

pub use data::{
    ExampleItem, ExampleUser, Fact, ItemMap, Neighbours, PopularityProfile, ReportData,
};
pub use page::{ReportError, render};
pub use popularity::{N_DECILES, decile_shares, popularity_deciles};
pub use search::{SearchPoint, SearchReport, SearchRow, SearchSetting, render_search};
pub use verdict::verdict;
