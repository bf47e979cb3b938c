//! Stands in for what `flow` will have soon.

/// `flow::Query`
#[derive(Debug, Clone, Default)]
pub struct Query;
/// `flow::SortKey`
#[derive(Debug, Clone)]
pub struct SortKey;
