//! An item, a new item, and what pickers ask for.
