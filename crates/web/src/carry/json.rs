//! Items as the API spells them, but for the triggers, which are one caller's.

use std::io::{self, Write};

use app::item::{HistoryEntry, ItemView};
use flow::{Column, Item};

use super::{Matter, Sheet};
use crate::api::carried_item;

pub(super) struct Json<'a> {
    matter: &'a Matter<'a>,
    out: &'a mut dyn Write,
    first: bool,
    /// A view to lend to the API's shapes.
    view: ItemView,
}

impl<'a> Json<'a> {
    pub(super) fn begin(
        matter: &'a Matter<'a>,
        flow: std::sync::Arc<flow::Flow>,
        out: &'a mut dyn Write,
    ) -> io::Result<Json<'a>> {
        write!(out, "{{\"flow\":{},\"items\":[", serde_json::Value::from(matter.flow.key.as_str()))?;
        let item = Item {
            number: 0,
            flow_version: 0,
            revision: 0,
            state: String::new(),
            assigned_to: Vec::new(),
            created_by: String::new(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
            closed_at: None,
            fields: flow::Fields::new(),
        };
        let view = ItemView { flow, item, buttons: Vec::new(), archived: false, opened: None };
        Ok(Json { matter, out, first: true, view })
    }
}

impl Sheet for Json<'_> {
    fn item(&mut self, item: &Item, _: &[HistoryEntry]) -> io::Result<()> {
        self.view.item.clone_from(item);
        let mut json = carried_item(&self.view, self.matter.zone);
        if self.matter.chosen {
            json.keep_fields(|key| self.matter.columns.contains(&Column::Field(key.to_owned())));
        }
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        serde_json::to_writer(&mut *self.out, &json).map_err(io::Error::other)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()
    }
}
