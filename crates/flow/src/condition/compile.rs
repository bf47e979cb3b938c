//! From text to the lowered tree: CEL's own parser, then our types. What the language does not list is refused here.

use std::{borrow::Cow, ops::Range};

use cel::common::ast::{CallExpr, Expr as Ast, IdedExpr, LiteralValue, SourceInfo, operators as op};

use super::{
    ConditionProblem, Scope, bounds,
    tree::{Comparison, Expr, Find, Sign, Val},
    types::{Nature, Type, empty_of},
};
use crate::said::said;
use crate::{BUILT_INS, Said, words};

/// Most nodes of a tree: what it costs to ask it once.
const MAX_NODES: usize = 2_000;

/// Parses and type-checks.
pub(crate) fn compile(text: &str, scope: &Scope<'_>) -> Result<Expr, Vec<ConditionProblem>> {
    if let Some(problem) = bounds::exceeded(text) {
        return Err(vec![problem]);
    }
    if text.trim().is_empty() {
        return Err(vec![ConditionProblem {
            span: 0..text.len(),
            message: said!("the condition is empty"),
            help: said!("leave the condition out when the row always applies"),
        }]);
    }
    let (ast, source) = cel::parser::Parser::new().parse_with_source_info(text).map_err(|errors| {
        let first = errors.errors.first().map(|error| (error.pos, error.msg.as_str()));
        let ((line, column), message) = first.unwrap_or(((1, 1), "it does not parse"));
        vec![syntax_problem(text, line, column, message)]
    })?;
    let mut lowering = Lowering { text, source, scope, problems: Vec::new(), nodes: 0 };
    let whole = lowering.lower(&ast);
    if !whole.ty.is(&Type::Bool) {
        let (ty, span) = (whole.ty.name(), lowering.span(&ast));
        lowering.report(
            span,
            said!("a condition is true or false, but this is {}", ty),
            said!("compare it, as in `amount > 100`"),
        );
    }
    if lowering.problems.is_empty() { Ok(whole.expr) } else { Err(lowering.problems) }
}

/// The parser's first error, in our words and at its place.
fn syntax_problem(text: &str, line: isize, column: isize, message: &str) -> ConditionProblem {
    let line_start: usize = usize::try_from(line - 1)
        .map_or(0, |before| text.split_inclusive('\n').take(before).map(str::len).sum::<usize>());
    let rest = text.get(line_start..).unwrap_or_default();
    let skipped = usize::try_from(column - 1).unwrap_or(0);
    let start = line_start + rest.char_indices().nth(skipped).map_or(rest.len(), |(at, _)| at);
    let after = &text[start.min(text.len())..];
    let word_bytes: usize = match after.chars().next() {
        Some(first) if first.is_alphanumeric() => {
            after.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').map(char::len_utf8).sum()
        }
        first => first.map_or(0, char::len_utf8),
    };
    let (start, word) = foreign(text, start).unwrap_or((start, &after[..word_bytes]));
    let (message, help) = match word {
        "" => (said!("the condition ends too early"), said!("write what is missing: a value, a bracket or a quote")),
        "=" => (said!("\"=\" is no operator"), said!("write == to compare")),
        "and" => (said!("\"and\" is no operator here"), said!("write &&")),
        "or" => (said!("\"or\" is no operator here"), said!("write ||")),
        "<>" => (said!("\"<>\" is no operator"), said!("write !=")),
        "not" => (said!("\"not\" is no operator here"), said!("write !")),
        "\"" | "'" => (said!("this text has no end"), said!("close the quote; a backslash in it is written \\\\")),
        _ if message.contains("invalid int literal") => (said!("this number is too large"), said!("use fewer digits")),
        _ => (
            said!("the condition does not parse at \"{}\"", word),
            said!("texts stand in quotes, fields are named by their keys: `issue_level == \"…\" && amount > 3`"),
        ),
    };
    ConditionProblem { span: start..start + word.len(), message, help }
}

/// What other languages write, before the place at which the parser gives up: where it begins.
fn foreign(text: &str, start: usize) -> Option<(usize, &'static str)> {
    let (before, after) = text.split_at_checked(start)?;
    if before.ends_with('<') && after.starts_with('>') {
        return Some((start - 1, "<>"));
    }
    let rest = before.trim_end().strip_suffix("not")?;
    let is_whole = !rest.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    is_whole.then_some((rest.len(), "not"))
}

struct Typed {
    expr: Expr,
    ty: Type,
}

/// What stands for an expression that was reported.
const UNKNOWN: Typed = Typed { expr: Expr::Value(Val::Null), ty: Type::Unknown };

struct Lowering<'a> {
    text: &'a str,
    source: SourceInfo,
    scope: &'a Scope<'a>,
    problems: Vec<ConditionProblem>,
    nodes: usize,
}

impl Lowering<'_> {
    fn lower(&mut self, ast: &IdedExpr) -> Typed {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            if self.nodes == MAX_NODES + 1 {
                self.report(
                    self.span(ast),
                    said!("the condition has more than {} parts", MAX_NODES),
                    said!("split it into several rows"),
                );
            }
            return UNKNOWN;
        }
        match &ast.expr {
            Ast::Literal(literal) => self.literal(ast, literal),
            Ast::Ident(name) => self.name(ast, name),
            Ast::List(list) if list.optional_indices.is_empty() => self.list(ast, &list.elements),
            Ast::Call(call) => self.call(ast, call),
            Ast::Select(select) if !select.test => {
                let message = said!("\".{}\" is not part of the language", select.field);
                self.refuse(ast, message, said!("fields are named by their keys alone"))
            }
            Ast::Comprehension(_) | Ast::Select(_) => {
                self.refuse(ast, said!("has, all, exists, map and filter are not part of the language"), listed())
            }
            _ => self.refuse(ast, said!("this is not part of the language"), listed()),
        }
    }

    fn literal(&mut self, ast: &IdedExpr, literal: &LiteralValue) -> Typed {
        let (value, ty) = match literal {
            LiteralValue::Null => (Val::Null, Type::Null),
            LiteralValue::Boolean(value) => (Val::Bool(*value.inner()), Type::Bool),
            LiteralValue::Int(value) => (Val::Number(*value.inner() as f64), Type::Number),
            LiteralValue::Double(value) => (Val::Number(*value.inner()), Type::Number),
            LiteralValue::String(value) => (Val::Text(Cow::Owned(value.inner().to_owned())), Type::Text(Nature::Plain)),
            LiteralValue::UInt(_) | LiteralValue::Bytes(_) => {
                return self.refuse(
                    ast,
                    said!("this kind of literal is not part of the language"),
                    said!("write a plain number or text"),
                );
            }
        };
        Typed { expr: Expr::Value(value), ty }
    }

    fn name(&mut self, ast: &IdedExpr, name: &str) -> Typed {
        if let Some(field) = self.scope.fields.get(name) {
            return Typed { expr: Expr::Field { key: name.to_owned(), empty: empty_of(field) }, ty: Type::of(field) };
        }
        let user = Type::Text(Nature::User);
        let (expr, ty) = match name {
            "current_state" => (Expr::State, self.state_type()),
            "assigned_to" => (Expr::AssignedTo, Type::List(Box::new(user))),
            "created_by" => (Expr::CreatedBy, user),
            "created_at" => (Expr::CreatedAt, Type::Instant),
            "updated_at" => (Expr::UpdatedAt, Type::Instant),
            "closed_at" => (Expr::ClosedAt, Type::Instant),
            "today" => (Expr::Today, Type::Date),
            "now" => (Expr::Now, Type::Instant),
            _ if self.scope.broken.contains(name) => return UNKNOWN,
            _ => {
                let known: Vec<&str> =
                    self.scope.fields.keys().map(String::as_str).chain(BUILT_INS).chain(["today", "now"]).collect();
                let help = words::nearest(name, known.iter().copied()).map_or_else(
                    || said!("the fields are {}; a text stands in quotes", words::listed(known)),
                    |near| said!("did you mean \"{}\"?", near),
                );
                return self.refuse(ast, said!("there is no field \"{}\"", name), help);
            }
        };
        Typed { expr, ty }
    }

    fn state_type(&self) -> Type {
        let states = self.scope.states;
        Type::Text(states.map_or(Nature::Plain, |states| Nature::Words(said!("the states"), states.to_vec())))
    }

    fn list(&mut self, ast: &IdedExpr, elements: &[IdedExpr]) -> Typed {
        let mut of = Type::Unknown;
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            let item = self.lower(element);
            match of.joined(&item.ty) {
                Some(joined) => of = joined,
                None => {
                    let message = said!("a list of one type has {} here", item.ty.name());
                    return self.refuse(element, message, said!("the others are {}", of.name()));
                }
            }
            items.push(item.expr);
        }
        if matches!(of, Type::List(_)) {
            return self.refuse(ast, said!("a list in a list is not part of the language"), listed());
        }
        Typed { expr: Expr::List(items), ty: Type::List(Box::new(of)) }
    }

    fn call(&mut self, ast: &IdedExpr, call: &CallExpr) -> Typed {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            (op::LOGICAL_AND | op::LOGICAL_OR, None, [left, right]) => {
                let (left, right) = (Box::new(self.truth(left)), Box::new(self.truth(right)));
                let expr = if name == op::LOGICAL_AND { Expr::And(left, right) } else { Expr::Or(left, right) };
                Typed { expr, ty: Type::Bool }
            }
            (op::LOGICAL_NOT, None, [inner]) => Typed { expr: Expr::Not(Box::new(self.truth(inner))), ty: Type::Bool },
            (op::CONDITIONAL, None, [condition, yes, no]) => self.conditional(ast, condition, yes, no),
            (op::IN, None, [wanted, list]) => self.is_in(ast, wanted, list),
            (op::NEGATE, None, [inner]) => {
                let inner = self.wanted(inner, &Type::Number);
                Typed { expr: Expr::Negate(Box::new(inner)), ty: Type::Number }
            }
            (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE, None, [left, right]) => {
                self.arithmetic(ast, name, left, right)
            }
            ("size", Some(of), []) | ("size", None, [of]) => self.size(of),
            ("contains" | "startsWith" | "endsWith", Some(text), [part]) => self.find(ast, name, text, part),
            ("date", None, [text]) => self.day(text),
            (_, None, [left, right]) if comparison(name).is_some() => self.compare(ast, call, left, right),
            (op::MODULO, ..) => self.refuse(ast, said!("\"%\" is not part of the language"), listed()),
            (op::INDEX | op::OPT_INDEX, ..) => self.refuse(
                ast,
                said!("an index is not part of the language"),
                said!("ask `x in list`, or compare the whole list"),
            ),
            _ => self.refuse_call(ast, name),
        }
    }

    fn refuse_call(&mut self, ast: &IdedExpr, name: &str) -> Typed {
        const FUNCTIONS: [&str; 5] = ["size", "contains", "startsWith", "endsWith", "date"];
        if FUNCTIONS.contains(&name) {
            let help = said!(
                "they are written size(x), x.contains(\"…\"), x.startsWith(\"…\"), x.endsWith(\"…\"), date(\"2026-12-01\")"
            );
            return self.refuse(ast, said!("\"{}\" does not take this", name), help);
        }
        let help = words::nearest(name, FUNCTIONS).map(|near| said!("did you mean \"{}\"?", near));
        self.refuse(ast, said!("there is no function \"{}\"", name), help.unwrap_or_else(listed))
    }

    fn conditional(&mut self, ast: &IdedExpr, condition: &IdedExpr, yes: &IdedExpr, no: &IdedExpr) -> Typed {
        let condition = self.truth(condition);
        let (yes, no) = (self.lower(yes), self.lower(no));
        let Some(ty) = yes.ty.joined(&no.ty) else {
            let message = said!("one side of \"? :\" is {}, the other {}", yes.ty.name(), no.ty.name());
            return self.refuse(ast, message, said!("give both the same type"));
        };
        Typed { expr: Expr::If(Box::new((condition, yes.expr, no.expr))), ty }
    }

    fn compare(&mut self, ast: &IdedExpr, call: &CallExpr, left_ast: &IdedExpr, right_ast: &IdedExpr) -> Typed {
        let how = comparison(&call.func_name).unwrap_or(Comparison::Equal);
        let (left, right) = (self.lower(left_ast), self.lower(right_ast));
        let equality = matches!(how, Comparison::Equal | Comparison::Unequal);
        let joined = left.ty.joined(&right.ty);
        let ordered =
            !matches!(joined, Some(Type::Null | Type::List(_))) && (left.ty == Type::Null) == (right.ty == Type::Null);
        if joined.is_none() || !(equality || ordered) {
            let message = said!("{} cannot be compared with {} like this", left.ty.name(), right.ty.name());
            let is_text = |ast: &IdedExpr| matches!(ast.expr, Ast::Literal(LiteralValue::String(_)));
            let help = match_help(&left.ty, &right.ty, is_text(left_ast) || is_text(right_ast));
            return self.refuse(ast, message, help);
        }
        if equality {
            self.offered(&left.ty, right_ast);
            self.offered(&right.ty, left_ast);
        }
        let fold = left.ty.is_about_users() || right.ty.is_about_users();
        Typed { expr: Expr::Compare { how, fold, sides: Box::new((left.expr, right.expr)) }, ty: Type::Bool }
    }

    fn is_in(&mut self, ast: &IdedExpr, wanted_ast: &IdedExpr, list_ast: &IdedExpr) -> Typed {
        let (wanted, list) = (self.lower(wanted_ast), self.lower(list_ast));
        let of = match &list.ty {
            Type::List(of) => of.as_ref().clone(),
            Type::Unknown => Type::Unknown,
            other => {
                let message = said!("\"in\" asks a list, but this is {}", other.name());
                return self.refuse(
                    list_ast,
                    message,
                    said!("write `x in [\"…\", \"…\"]`, or `==` for a single value"),
                );
            }
        };
        if matches!(wanted.ty, Type::List(_)) || wanted.ty.joined(&of).is_none() {
            let message = said!("{} cannot be in {}", wanted.ty.name(), list.ty.name());
            return self.refuse(ast, message, said!("compare values of one type"));
        }
        self.offered(&wanted.ty, list_ast);
        self.offered(&of, wanted_ast);
        let fold = wanted.ty.is_about_users() || of.is_about_users();
        Typed { expr: Expr::In { fold, sides: Box::new((wanted.expr, list.expr)) }, ty: Type::Bool }
    }

    fn arithmetic(&mut self, ast: &IdedExpr, name: &str, left: &IdedExpr, right: &IdedExpr) -> Typed {
        let sign = match name {
            op::ADD => Sign::Plus,
            op::SUBSTRACT => Sign::Minus,
            op::MULTIPLY => Sign::Times,
            _ => Sign::Over,
        };
        let (left, right) = (self.lower(left), self.lower(right));
        let sides = Box::new((left.expr, right.expr));
        if left.ty.is(&Type::Number) && right.ty.is(&Type::Number) {
            return Typed { expr: Expr::Arithmetic(sign, sides), ty: Type::Number };
        }
        if sign == Sign::Plus && left.ty.is_text() && right.ty.is_text() {
            return Typed { expr: Expr::Join(sides), ty: Type::Text(Nature::Plain) };
        }
        let message = said!("arithmetic takes numbers, not {} and {}", left.ty.name(), right.ty.name());
        self.refuse(
            ast,
            message,
            said!("dates are compared, as in `need_by < date(\"2026-12-01\")`; texts are joined with +"),
        )
    }

    fn size(&mut self, of: &IdedExpr) -> Typed {
        let inner = self.lower(of);
        if !inner.ty.is_text() && !matches!(inner.ty, Type::List(_)) {
            return self.refuse(
                of,
                said!("size takes a text or a list, not {}", inner.ty.name()),
                said!("compare it itself"),
            );
        }
        Typed { expr: Expr::Size(Box::new(inner.expr)), ty: Type::Number }
    }

    fn find(&mut self, ast: &IdedExpr, name: &str, text: &IdedExpr, part: &IdedExpr) -> Typed {
        let how = match name {
            "contains" => Find::Contains,
            "startsWith" => Find::StartsWith,
            _ => Find::EndsWith,
        };
        let (text, part) = (self.lower(text), self.lower(part));
        if !text.ty.is_text() || !part.ty.is_text() {
            let message = said!("\"{}\" asks a text for a text, not {} for {}", name, text.ty.name(), part.ty.name());
            let list = matches!(text.ty, Type::List(_));
            return self.refuse(ast, message, if list { said!("write `x in list`") } else { said!("use it on texts") });
        }
        let fold = text.ty.is_about_users() || part.ty.is_about_users();
        Typed { expr: Expr::Find { how, fold, sides: Box::new((text.expr, part.expr)) }, ty: Type::Bool }
    }

    fn day(&mut self, text: &IdedExpr) -> Typed {
        let inner = self.lower(text);
        let expr = match &inner.expr {
            Expr::Value(Val::Text(literal)) => match words::day(literal) {
                Some(day) => Expr::Value(Val::Date(day)),
                None => {
                    let message = said!("\"{}\" is no date", literal);
                    return self.refuse(text, message, said!("a date is written \"2026-12-01\""));
                }
            },
            _ if inner.ty.is_text() => Expr::Day(Box::new(inner.expr)),
            _ => {
                let message = said!("date takes a text, not {}", inner.ty.name());
                return self.refuse(text, message, said!("write date(\"2026-12-01\")"));
            }
        };
        Typed { expr, ty: Type::Date }
    }

    /// Every literal of `ast` that is compared with `ty` must be one of its words.
    fn offered(&mut self, ty: &Type, ast: &IdedExpr) {
        let Some(Nature::Words(whose, offered)) = ty.nature() else { return };
        match &ast.expr {
            Ast::Literal(LiteralValue::String(word)) if !offered.iter().any(|offer| offer == word.inner()) => {
                let word = word.inner();
                let help = if word.is_empty() {
                    said!("a choice that is empty is null: write `== null`")
                } else {
                    words::nearest_or_all(word, offered.iter().map(String::as_str))
                };
                let message = if whose.pattern() == "the states" {
                    said!("there is no state \"{}\"", word)
                } else {
                    said!("{} does not offer \"{}\"", whose, word)
                };
                self.report(self.span(ast), message, help);
            }
            Ast::List(list) => list.elements.iter().for_each(|element| self.offered(ty, element)),
            Ast::Call(call) if call.func_name == op::CONDITIONAL => {
                call.args.iter().skip(1).for_each(|branch| self.offered(ty, branch));
            }
            _ => {}
        }
    }

    fn truth(&mut self, ast: &IdedExpr) -> Expr {
        self.wanted(ast, &Type::Bool)
    }

    fn wanted(&mut self, ast: &IdedExpr, ty: &Type) -> Expr {
        let inner = self.lower(ast);
        if !inner.ty.is(ty) {
            let message = said!("{} is wanted here, but this is {}", ty.name(), inner.ty.name());
            let help = match ty {
                Type::Number => said!("only a number has a sign"),
                _ => said!("compare it, as in `issue_level == \"…\"`"),
            };
            self.report(self.span(ast), message, help);
        }
        inner.expr
    }

    fn refuse(&mut self, ast: &IdedExpr, message: Said, help: Said) -> Typed {
        self.report(self.span(ast), message, help);
        UNKNOWN
    }

    fn report(&mut self, span: Range<usize>, message: Said, help: Said) {
        self.problems.push(ConditionProblem { span, message, help });
    }

    /// From the first to the last byte of an expression. The parser marks an operator by its sign alone.
    fn span(&self, ast: &IdedExpr) -> Range<usize> {
        let own = self.source.offset_for(ast.id).map(|(start, last)| start as usize..last as usize + 1);
        let mut span = own.unwrap_or(0..self.text.len());
        let mut cover = |inner: Range<usize>| span = span.start.min(inner.start)..span.end.max(inner.end);
        match &ast.expr {
            Ast::Call(call) => {
                call.target.as_deref().into_iter().chain(&call.args).for_each(|part| cover(self.span(part)));
                if call.target.is_none() && call.func_name.starts_with(|first: char| first.is_ascii_alphabetic()) {
                    let start = span.start.saturating_sub(call.func_name.len());
                    if self.text.get(start..).is_some_and(|text| text.starts_with(&call.func_name)) {
                        span.start = start;
                    }
                }
            }
            Ast::List(list) => list.elements.iter().for_each(|part| cover(self.span(part))),
            Ast::Select(select) => cover(self.span(&select.operand)),
            _ => {}
        }
        let bracketed = match &ast.expr {
            Ast::List(_) => true,
            Ast::Call(call) => call.func_name.starts_with(|first: char| first.is_ascii_alphabetic()),
            _ => false,
        };
        let rest = self.text.get(span.end..).unwrap_or_default();
        if bracketed && rest.trim_start().starts_with([']', ')']) {
            span.end += rest.len() - rest.trim_start().len() + 1;
        }
        let end = span.end.min(self.text.len());
        let start = span.start.min(end);
        if self.text.is_char_boundary(start) && self.text.is_char_boundary(end) {
            start..end
        } else {
            0..self.text.len()
        }
    }
}

/// What the language has.
fn listed() -> Said {
    said!("there is == != < <= > >= && || ! in ?: + - * /, size, contains, startsWith, endsWith, date, today, now")
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        op::EQUALS => Comparison::Equal,
        op::NOT_EQUALS => Comparison::Unequal,
        op::LESS => Comparison::Less,
        op::LESS_EQUALS => Comparison::LessEqual,
        op::GREATER => Comparison::Greater,
        op::GREATER_EQUALS => Comparison::GreaterEqual,
        _ => return None,
    })
}

/// `quoted`: one of the two is a text in quotes.
fn match_help(left: &Type, right: &Type, quoted: bool) -> Said {
    let either = |wanted: fn(&Type) -> bool| wanted(left) || wanted(right);
    let is_list = |ty: &Type| matches!(ty, Type::List(_));
    match () {
        () if either(|ty| *ty == Type::Null) => said!("null is only equal or unequal: `x == null`"),
        () if is_list(left) && is_list(right) => said!("compare values of one type"),
        () if is_list(left) || is_list(right) => said!("it holds several values: ask `x in list`"),
        () if either(|ty| *ty == Type::Date) && either(Type::is_text) => said!("write date(\"2026-12-01\")"),
        () if either(|ty| *ty == Type::Instant) => said!("compare a date and time with now, or with another one"),
        () if either(|ty| *ty == Type::Date) => said!("compare dates with date(\"2026-12-01\") or today"),
        () if either(|ty| *ty == Type::Bool) => said!("write `x` or `!x`"),
        () if either(|ty| *ty == Type::Number) && quoted => said!("a number stands without quotes"),
        () if either(|ty| *ty == Type::Number) => said!("a text stands in quotes, as in `code == \"3\"`"),
        () => said!("compare values of one type"),
    }
}
