//! How is a body read? Whole, within its limit, and refused as a problem; described to the API's readers.

use crate::http::problem::Problem;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response};
use aide::transform::TransformOperation;
use aide::{OperationInput, OperationOutput};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::{Form, Json};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// The bytes of a body.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Raw, Problem> {
        Bytes::from_request(request, state).await.map(Raw).map_err(|e| {
            Problem::new(e.status(), "body", "The body cannot be read")
                .detail(e.body_text())
                .remedy("send smaller batches; the limit is batch_bytes_max of the configuration")
        })
    }
}

/// What it holds is described at each endpoint, by `takes`.
impl OperationInput for Raw {}

/// A shape in which bytes may come: their media type, the JSON type or text that it holds, and what it is.
pub(crate) type Shape = (&'static str, &'static str, &'static str);

/// A text file.
pub(crate) const TEXT: Shape = ("application/toml", "string", "A catalogue or a policy.");
/// A file of JSON.
pub(crate) const JSON: Shape = ("application/json", "object", "What `train` wrote.");
fn content(shapes: &[Shape]) -> serde_json::Value {
    let each = shapes.iter().map(|(media, kind, what)| {
        let schema = serde_json::json!({ "type": kind, "description": what });
        ((*media).to_owned(), serde_json::json!({ "schema": schema }))
    });
    each.collect::<serde_json::Map<_, _>>().into()
}

/// Describes a body that is read as bytes, in the shapes that it may have.
pub(crate) fn takes<'a>(mut op: TransformOperation<'a>, shapes: &[Shape]) -> TransformOperation<'a> {
    let body = serde_json::json!({ "required": true, "content": content(shapes) });
    op.inner_mut().request_body =
        Some(serde_json::from_value(body).expect("this is how OpenAPI writes a body"));
    op
}

/// Describes an answer of bytes, in the shapes that it may have.
pub(crate) fn gives<'a>(mut op: TransformOperation<'a>, shapes: &[Shape]) -> TransformOperation<'a> {
    let answer = serde_json::json!({ "description": "As it was uploaded.", "content": content(shapes) });
    let answer = serde_json::from_value(answer).expect("this is how OpenAPI writes an answer");
    let responses = op.inner_mut().responses.get_or_insert_with(Default::default);
    responses.responses.insert(aide::openapi::StatusCode::Code(200), answer);
    op
}

/// A body of JSON.
#[derive(Debug)]
pub struct Input<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Input<T>, Problem> {
        Json::from_request(request, state).await.map(|Json(value)| Input(value)).map_err(|e| {
            // 422 is what is understood and refused for its meaning; this is not understood.
            let status = match e.status() {
                StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
                other => other,
            };
            Problem::new(status, "body", "The body is not what this endpoint takes").detail(e.body_text())
        })
    }
}

impl<T: JsonSchema> OperationInput for Input<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(ctx, operation);
    }
}

/// A form of a page.
#[derive(Debug)]
pub struct Filled<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Filled<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Filled<T>, Problem> {
        Form::from_request(request, state).await.map(|Form(value)| Filled(value)).map_err(|e| {
            Problem::new(e.status(), "form", "The form is not the one of this page").detail(e.body_text())
        })
    }
}

/// What the path names.
#[derive(Debug)]
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Named<T>, Problem> {
        Path::from_request_parts(parts, state).await.map(|Path(value)| Named(value)).map_err(|e| {
            Problem::new(e.status(), "path", "The path does not name what this endpoint knows")
                .detail(e.body_text())
        })
    }
}

impl<T: JsonSchema> OperationInput for Named<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<T>::operation_input(ctx, operation);
    }
}

/// What stands behind the question mark.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Asked<T>, Problem> {
        Query::from_request_parts(parts, state).await.map(|Query(value)| Asked(value)).map_err(|e| {
            Problem::new(e.status(), "query", "The query is not what this endpoint takes")
                .detail(e.body_text())
        })
    }
}

impl<T: JsonSchema> OperationInput for Asked<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Query::<T>::operation_input(ctx, operation);
    }
}

impl OperationOutput for Problem {
    type Inner = Problem;
    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Response> {
        let mut response = Json::<Problem>::operation_response(ctx, operation)?;
        if let Some(content) = response.content.shift_remove("application/json") {
            response.content.insert("application/problem+json".into(), content);
        }
        Some(response)
    }
}
