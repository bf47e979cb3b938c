//! What the handlers of forms have in common.

use app::{Error, InputProblem, people, signin::Credential};
use axum::{body::Body, response::Response};
use flow::Actor;

use super::visit::Visit;
use crate::{
    body::Form,
    server::{Failed, Web},
};

impl Visit {
    /// As if the page at `path` had been asked for: where a form that is shown again, or signing in, leads back to.
    pub(crate) fn at(mut self, path: impl Into<String>) -> Visit {
        self.path = path.into();
        self
    }

    /// The form that was sent.
    pub(crate) async fn form(&self, web: &Web, body: Body) -> Result<Form, Response> {
        match Form::read(body).await {
            Ok(form) => Ok(form),
            Err(bad) => Err(self.bad_body(web, bad).await),
        }
    }

    /// Tells what is wrong with what was typed, which the form shows, from what failed, which is a page of its own.
    pub(crate) async fn troubles<T>(
        &self,
        web: &Web,
        done: Result<T, Failed>,
    ) -> Result<Result<T, Vec<InputProblem>>, Response> {
        match done {
            Ok(done) => Ok(Ok(done)),
            Err(Failed { error: Error::Input(problems), .. }) => Ok(Err(problems)),
            Err(failed) => Err(self.failed(web, failed).await),
        }
    }

    /// Who is signed in.
    pub(crate) async fn actor(&self, web: &Web) -> Result<Actor, Response> {
        let actor = web.read_as(self.session.clone(), self.language, |_, caller| Ok(caller.signed.actor.clone())).await;
        match actor {
            Ok(actor) => Ok(actor),
            Err(failed) => Err(self.failed(web, failed).await),
        }
    }

    /// The administrator who is signed in.
    pub(crate) async fn admin(&self, web: &Web) -> Result<Actor, Response> {
        let admin = web.read_as(self.session.clone(), self.language, |_, caller| {
            people::admins_only(&caller.signed.actor)?;
            Ok(caller.signed.actor.clone())
        });
        match admin.await {
            Ok(admin) => Ok(admin),
            Err(failed) => Err(self.failed(web, failed).await),
        }
    }

    /// The secret of the session that asks; empty where there is none.
    pub(crate) fn secret(&self) -> &str {
        match &self.session {
            Some(Credential::Session(secret)) => secret,
            _ => "",
        }
    }
}
