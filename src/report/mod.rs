//! `report.html`: one self-contained page about a run, for people. No network, no script.

mod chart;
mod data;
mod figures;
mod page;
#[cfg(test)]
mod page_tests;
mod popularity;
mod tables;
mod verdict;

pub use data::{
    Comparison, ExampleItem, ExampleUser, Fact, Group, Interval, PopularityProfile, ReportData,
    System,
};
pub use page::{ReportError, render};
pub use popularity::{N_DECILES, decile_shares, popularity_deciles};
pub use verdict::verdict;
