//! A record with every shape we know, and its twin made of serde derives.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yunkit_core::record::Patch;

yunkit_core::open_enum! {
    pub enum State {
        Open = "open",
        Closed = "closed",
    }
}

#[derive(Clone, Default, Debug, PartialEq)]
pub(crate) struct Node {
    pub id: u64,
    pub count: Option<i64>,
    pub name: Option<String>,
    pub state: Option<State>,
    pub kids: Option<Vec<Node>>,
    pub parent: Option<Box<Node>>,
    pub grid: Option<Vec<Vec<i64>>>,
    pub by_name: Option<BTreeMap<String, Node>>,
    pub due: Patch<String>,
    pub on: Option<bool>,
    pub score: Option<f64>,
    pub any: Option<serde_json::Value>,
    pub gaps: Option<Vec<Option<String>>>,
}

record!(Node { id, count, name, state, kids, parent, grid, by_name, due, on, score, any, gaps } required &[0]);

/// The twin. `due` is read as absent or text: a derive cannot tell `null` from absent without help.
#[derive(Clone, Default, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Twin {
    pub id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kids: Option<Vec<Twin>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<Twin>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<Vec<Vec<i64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_name: Option<BTreeMap<String, Twin>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Vec<Option<String>>>,
}

impl Node {
    /// The same content as the derive twin holds it.
    pub(crate) fn twin(&self) -> Twin {
        Twin {
            id: self.id,
            count: self.count,
            name: self.name.clone(),
            state: self.state.as_ref().map(|s| s.as_str().to_owned()),
            kids: self.kids.as_ref().map(|k| k.iter().map(Node::twin).collect()),
            parent: self.parent.as_ref().map(|p| Box::new(p.twin())),
            grid: self.grid.clone(),
            by_name: self.by_name.as_ref().map(|m| m.iter().map(|(k, v)| (k.clone(), v.twin())).collect()),
            due: match &self.due {
                Patch::Set(due) => Some(due.clone()),
                _ => None,
            },
            on: self.on,
            score: self.score,
            any: self.any.clone().filter(|any| !any.is_null()),
            gaps: self.gaps.clone(),
        }
    }
}
