//! The server is killed in the middle of writes: what was answered is there, nothing is half done.

use std::sync::mpsc;

use crate::harness::{
    Installation, User,
    load::{Notes, check, write},
};

const WRITERS: usize = 6;

#[test]
fn every_answered_write_survives_a_kill_and_nothing_is_half_done() {
    let at = Installation::shipped_by_token();
    let mut notes = Notes::default();
    for round in 1..=4 {
        let mut server = at.serve();
        let users: Vec<User> = (0..WRITERS).map(|_| server.user("engineer")).collect();
        let (told, hears) = mpsc::channel();
        std::thread::scope(|scope| {
            for user in users {
                let told = told.clone();
                scope.spawn(move || write(&user, &told, || true));
            }
            drop(told);
            for (count, written) in hears.into_iter().enumerate() {
                if count + 1 == 40 * round {
                    server.kill();
                }
                notes.note(written);
            }
        });
        let server = at.serve();
        check(&server.user("engineer"), &server.user("delegate"), &notes.answered, 4 * WRITERS);
    }
}
