//! A state's colour: the same everywhere in a flow, chosen by itself.
//!
//! States that are not final take the palette's colours in the flow's order, so that neighbours differ and a flow's first
//! state is always blue. A final state that has ways out (an archive that is revised) is green, one that has none is grey.
//! The word always stands beside the colour.

use flow::Flow;

/// A colour, as the class that `app.css` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hue(&'static str);

/// A state as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChip {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub hue: Hue,
}

const PALETTE: [&str; 8] = ["s-blue", "s-amber", "s-purple", "s-teal", "s-pink", "s-indigo", "s-lime", "s-cyan"];

impl Hue {
    /// A final state without a way out, and one that the flow no longer has.
    pub const GREY: Hue = Hue("s-grey");
    /// A final state that has ways out.
    pub const GREEN: Hue = Hue("s-green");

    /// The colour of `state` in `flow`.
    #[must_use]
    pub fn of(flow: &Flow, state: &str) -> Hue {
        let Some(found) = flow.states.get(state) else { return Hue::GREY };
        if found.is_final {
            return if flow.rows_from(state).next().is_some() { Hue::GREEN } else { Hue::GREY };
        }
        let open = flow.states.values().filter(|other| !other.is_final);
        Hue::nth(open.take_while(|other| other.name != state).count())
    }

    /// The colour of a flow's state that is not final, counted from 0.
    #[must_use]
    pub fn nth(index: usize) -> Hue {
        Hue(PALETTE[index % PALETTE.len()])
    }

    /// The class.
    #[must_use]
    pub fn class(self) -> &'static str {
        self.0
    }
}

impl StateChip {
    /// `state` of `flow`.
    #[must_use]
    pub fn of(flow: &Flow, state: &str) -> StateChip {
        StateChip { name: state.to_owned(), hue: Hue::of(flow, state) }
    }
}
