//! What did a form send? Its fields, where a page of ours sent them: each form carries what only our pages know.

use crate::access::sessions;
use crate::http::Shared;
use crate::http::browser::CSRF_HEADER;
use crate::http::guard::other_page;
use crate::http::problem::Problem;
use axum::Form;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The name of the field.
pub const CSRF_FIELD: &str = "csrf";

/// The field that every form of a page has.
pub fn csrf_field(csrf: &str) -> Markup {
    html! { input type="hidden" name=(CSRF_FIELD) value=(csrf); }
}

/// The fields of a form that a page of ours sent; the only way in which pages read one.
#[derive(Debug)]
pub struct Posted<T>(pub T);

#[derive(Deserialize)]
struct Csrf {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Posted<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Posted<T>, Problem> {
        let headers = request.headers();
        let by_key = headers.contains_key(header::AUTHORIZATION);
        let expected = shared.web.session_of(headers).map(sessions::csrf);
        let told = headers.get(CSRF_HEADER).map(|v| v.as_bytes().to_vec());
        let refused = |e: axum::extract::rejection::FormRejection| {
            Problem::new(e.status(), "form", "The form is not the one of this page").detail(e.body_text())
        };
        let (parts, body) = request.into_parts();
        let again = |body: Bytes| Request::from_parts(parts.clone(), axum::body::Body::from(body));
        let limit = shared.door.limits().batch_bytes_max.min(FORM_BYTES_MAX);
        let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| {
            let title = "The form holds too much";
            Problem::new(axum::http::StatusCode::PAYLOAD_TOO_LARGE, "form", title)
                .remedy(format!("a form has at most {limit} bytes"))
        })?;
        // A key is no browser: no page can make it send something.
        if !by_key {
            let field = match told {
                Some(told) => told,
                None => match Form::<Csrf>::from_request(again(bytes.clone()), shared).await {
                    Ok(Form(Csrf { csrf })) => csrf.into_bytes(),
                    Err(e) => return Err(refused(e)),
                },
            };
            if expected.is_none_or(|expected| expected.as_bytes() != field) {
                return Err(other_page());
            }
        }
        Form::from_request(again(bytes), shared).await.map(|Form(fields)| Posted(fields)).map_err(refused)
    }
}

/// Longest form, bytes: a policy or a note fits.
pub const FORM_BYTES_MAX: usize = 1 << 20;
