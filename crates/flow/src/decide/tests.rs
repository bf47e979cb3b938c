//! The rules, sentence by sentence.

mod creating;
mod pressing;
mod saving;
mod seeing;
mod values;
mod walk;
mod world;
