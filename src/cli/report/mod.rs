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

pub(crate) use data::{
    Comparison, ExampleItem, ExampleUser, Fact, Group, Interval, ItemMap, Neighbours,
    PopularityProfile, ReportData, System,
};
pub(crate) use page::{ReportError, render};
pub(crate) use popularity::{decile_shares, popularity_deciles};
pub(crate) use search::{SearchPoint, SearchReport, SearchRow, SearchSetting, render_search};
pub(crate) use verdict::verdict;
