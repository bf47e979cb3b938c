//! The rules, sentence by sentence.

mod creating;
mod importing;
mod migrating;
mod pressing;
mod saving;
mod seeing;
mod sound;
mod values;
mod walk;
mod world;
