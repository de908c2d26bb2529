//! What do people work with? Pages inside the service, rendered here, made livelier by small scripts, complete without.
//!
//! - [`page`]: what a page is, and the list of them: another page is a file in [`pages`] and a line there;
//! - [`view`]: who looks, how, and the frame around what a page shows;
//! - [`form`]: what a page's form sent, only from a page of ours;
//! - [`lang`]: the texts, English and Italian;
//! - [`story`]: events and decisions as moments;
//! - [`ui`]: the parts that pages are made of;
//! - [`assets`]: style sheet and scripts, from memory, under the hash of their content;
//! - [`live`]: decisions as they come.
//!
//! Nothing here is from another host, nothing is built when it runs, and the policy of every page forbids both.

pub mod assets;
pub mod form;
pub mod lang;
pub mod live;
pub mod page;
pub mod pages;
pub mod story;
pub mod ui;
pub mod view;

pub use form::Posted;
pub use lang::{Lang, Texts, fill};
pub use page::{Group, Nav, PAGES, Page, Route};
pub use view::View;
