"""`auricle pacs echo|find|get|send NODE`: archives, over DIMSE or DICOMweb; never a patient's name unless asked."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from app.cli.console import progress_of, say, say_findings, write_json
from app.settings import default_settings_path, load_settings
from core.errors import PlannerError
from imaging.network import client
from imaging.network.node import LOOPBACK, WEB, Node, checked, node_from_address
from imaging.network.query import Level, Match, Query, Target

CONNECTION = {
    "calling": ("calling_aet", "AETITLE", "the AE title we go by (default AURICLE)"),
    "ca": ("ca_file", "FILE", "PEM file of the authorities that are trusted (default: the system's)"),
    "cert": ("cert_file", "FILE", "our own certificate (PEM)"),
    "key": ("key_file", "FILE", "its key (PEM)"),
    "user": ("user", "NAME", "user of a DICOMweb service; the password is asked for"),
    "password_env": ("secret_env", "VARIABLE", "environment variable with the password or bearer token"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the four verbs and what each of them needs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="echo|find|get|send")
    _connection(verbs.add_parser("echo", help="ask whether the archive answers"))
    find = verbs.add_parser("find", help="search it")
    _connection(find)
    find.add_argument("--level", choices=[level.value.lower() for level in Level], default="study")
    for name in ("patient-id", "name", "modality", "study", "series"):
        find.add_argument(f"--{name}", default="", metavar="TEXT" if name[0] != "s" else "UID")
    find.add_argument("--date", default="", metavar="FROM-TO", help="YYYYMMDD or YYYYMMDD-YYYYMMDD")
    find.add_argument("--show-names", action="store_true", help="also print names and ids of patients")
    find.add_argument("--json", type=Path, metavar="FILE", help="also write what was found, without names")
    get = verbs.add_parser("get", help="retrieve a study or series into a folder")
    _connection(get)
    get.add_argument("--study", required=True, metavar="UID")
    get.add_argument(
        "--series", action="append", default=[], metavar="UID", help="only this one; may be repeated"
    )
    get.add_argument("--out", type=Path, required=True, metavar="DIR")
    get.add_argument("--method", choices=[client.GET, client.MOVE, client.WADO], default="")
    get.add_argument(
        "--listen", metavar="[HOST:]PORT", help=f"for move: where we wait (host default {LOOPBACK})"
    )
    send = verbs.add_parser("send", help="give it DICOM files")
    _connection(send)
    send.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="DICOM files, or folders of them")


def run(options: argparse.Namespace) -> None:
    """Do what the verb says. Raises PlannerError when the archive or the way to it refuses."""
    node = _node(options)
    verbs: dict[str, Callable[[Node, str, argparse.Namespace], None]] = {
        "echo": _echo,
        "find": _find,
        "get": _get,
        "send": _send,
    }
    verbs[options.verb](node, _secret(node), options)


def _connection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "node", metavar="NODE", help="a name from the settings, dicom://AET@host:port, or a URL"
    )
    for name, (_, kind, text) in CONNECTION.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=kind, help=text)
    parser.add_argument("--no-verify", action="store_true", help="do not check the archive's certificate")
    parser.add_argument("--timeout-s", type=float, metavar="S", help="longest silence that is waited for")


def _node(options: argparse.Namespace) -> Node:
    known = {node.name: node for node in load_settings(default_settings_path()).pacs_nodes}
    node = known.get(options.node) or node_from_address(options.node)
    given = {
        field: getattr(options, name) for name, (field, _, _) in CONNECTION.items() if getattr(options, name)
    }
    if options.no_verify:
        given["is_verified"] = False
    if options.timeout_s is not None:
        given |= dict.fromkeys(("connect_s", "answer_s", "idle_s"), options.timeout_s)
    if getattr(options, "listen", None):
        host, _, port = options.listen.rpartition(":")
        if not port.isdecimal():
            raise PlannerError("cannot listen there", f"'{port}' is no port", "write PORT or HOST:PORT")
        given |= {"listen_host": host or LOOPBACK, "listen_port": int(port)}
    return checked(replace(node, **given))


def _secret(node: Node) -> str:
    """What the node's variable does not give is asked for, on a terminal only."""
    if node.kind != WEB or not node.user:
        return ""
    from imaging.network.web_session import secret_of

    secret = secret_of(node)
    return secret or (getpass.getpass(f"Password of {node.user}: ") if sys.stdin.isatty() else "")


def _echo(node: Node, secret: str, options: argparse.Namespace) -> None:
    client.echo(node, secret, progress_of(options))
    say(f"{node.place} answers")


def _find(node: Node, secret: str, options: argparse.Namespace) -> None:
    query = Query(
        Level[options.level.upper()],
        options.patient_id,
        options.name,
        options.date,
        options.modality,
        options.study,
        options.series,
    )
    matches = client.find(node, query, secret, progress_of(options))
    for match in matches:
        say(_line(match, options.show_names))
    say(f"{len(matches)} found")
    if options.json is not None:
        write_json(options.json, {"matches": [_as_json(match) for match in matches]})


def _get(node: Node, secret: str, options: argparse.Namespace) -> None:
    targets = [Target(options.study, series) for series in options.series] or [Target(options.study)]
    received = client.retrieve(node, targets, options.out, options.method, secret, progress_of(options))
    say_findings(received.findings)
    say(f"{received.n_images} images in {received.folder}")


def _send(node: Node, secret: str, options: argparse.Namespace) -> None:
    sent = client.send(node, options.paths, secret, progress_of(options))
    say_findings(sent.findings)
    say(f"{sent.n_images} images sent to {node.place}")


def _line(match: Match, is_named: bool) -> str:
    uid = {Level.SERIES: match.series_uid, Level.IMAGE: match.sop_uid, Level.PATIENT: ""}.get(
        match.level, match.study_uid
    )
    count = f"{match.n_images} images" if match.n_images is not None else ""
    owner = f"{match.patient_id} {match.patient_name}".strip() if is_named else ""
    facts = (uid, match.date, "/".join(match.modalities), match.description, count, owner)
    return "  ".join(fact for fact in facts if fact) or "(named with --show-names only)"


def _as_json(match: Match) -> dict[str, object]:
    content = asdict(match)
    del content["patient_name"], content["patient_id"]
    return {**content, "level": match.level.value.lower()}
