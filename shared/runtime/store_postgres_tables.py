"""The tables of a log in PostgreSQL 15 or newer, and the function that appends."""

from uuid_utils.compat import uuid7

from shared.runtime.reach_postgres import connected
from shared.runtime.store_log import SCHEMA

APPENDING = 0x6D65746F64696B01
RELAYING = 0x6D65746F64696B02
MIGRATING = 0x6D65746F64696B03
"""Keys of advisory locks; they count within one database, and so within one log."""

CONFLICT = "MK409"
"""The SQLSTATE of `Conflict`: the message is `what`, the detail is `which`."""

# Small rows that every append rewrites: room to do it in place, and early vacuum.
BUSY = "WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500)"

TABLES = f"""
CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL);
CREATE TABLE IF NOT EXISTS head (
    source text NOT NULL, epoch uuid NOT NULL, position bigint NOT NULL, recorded_at bigint
) {BUSY};
CREATE UNIQUE INDEX IF NOT EXISTS head_is_one ON head ((true));
CREATE TABLE IF NOT EXISTS log_epoch (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, epoch uuid NOT NULL UNIQUE,
    parent uuid, branched_at_position bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS records (
    position bigint PRIMARY KEY, epoch uuid NOT NULL, recorded_at bigint NOT NULL,
    event_id uuid NOT NULL UNIQUE, stream uuid NOT NULL, version bigint NOT NULL,
    name text NOT NULL, schema bigint NOT NULL, territory text COLLATE "C",
    region text COLLATE "C", meta bytea NOT NULL, data bytea NOT NULL,
    leaf bytea NOT NULL, UNIQUE (stream, version)
);
COMMENT ON COLUMN records.recorded_at IS 'microseconds since 1970 UTC';
CREATE INDEX IF NOT EXISTS records_by_region ON records (region, position)
    WHERE region IS NOT NULL;
CREATE TABLE IF NOT EXISTS commands (
    command_id uuid PRIMARY KEY, body_hmac bytea NOT NULL, outcome bytea NOT NULL,
    position bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS claims (
    kind text NOT NULL, key_hmac bytea NOT NULL, holder uuid NOT NULL,
    PRIMARY KEY (kind, key_hmac)
);
CREATE INDEX IF NOT EXISTS claims_by_holder ON claims (holder, kind);
CREATE TABLE IF NOT EXISTS known (
    kind text NOT NULL, about uuid NOT NULL, history bytea NOT NULL,
    PRIMARY KEY (kind, about)
);
CREATE TABLE IF NOT EXISTS marks (
    source text PRIMARY KEY, epoch uuid NOT NULL, position bigint NOT NULL
) {BUSY};
CREATE TABLE IF NOT EXISTS parked (
    source text NOT NULL, position bigint NOT NULL, epoch uuid NOT NULL,
    stream uuid NOT NULL, name text NOT NULL, wire bytea NOT NULL, error text NOT NULL,
    attempts bigint NOT NULL, retry_at bigint NOT NULL, PRIMARY KEY (source, position)
);
CREATE TABLE IF NOT EXISTS skipped (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text NOT NULL,
    position bigint NOT NULL, epoch uuid NOT NULL, stream uuid NOT NULL,
    name text NOT NULL, error text NOT NULL, attempts bigint NOT NULL,
    skipped_at bigint NOT NULL, skipped_by text NOT NULL, reason text NOT NULL
);
CREATE TABLE IF NOT EXISTS readers (
    reader text PRIMARY KEY, position bigint NOT NULL
) {BUSY};
CREATE TABLE IF NOT EXISTS checkpoints (
    size bigint PRIMARY KEY, origin text NOT NULL, root bytea NOT NULL,
    frontier bytea NOT NULL
);
"""

ARGUMENTS: dict[str, str] = {
    "f_event_id": "uuid",
    "f_stream": "uuid",
    "f_version": "bigint",
    "f_name": "text",
    "f_schema": "bigint",
    "f_territory": "text",
    "f_meta": "bytea",
    "f_data": "bytea",
    "b_stream": "uuid",
    "b_version": "bigint",
    "a_command_id": "uuid",
    "a_body_hmac": "bytea",
    "a_outcome": "bytea",
    "a_facts": "bigint",
    "c_kind": "text",
    "c_key_hmac": "bytea",
    "c_holder": "uuid",
    "r_kind": "text",
    "r_key_hmac": "bytea",
    "r_holder": "uuid",
    "k_kind": "text",
    "k_about": "uuid",
    "k_history": "bytea",
    "w_kind": "text",
    "w_about": "uuid",
    "w_was": "bytea",
    "l_position": "bigint",
    "m_source": "text",
    "m_epoch": "uuid",
    "m_position": "bigint",
    "u_source": "text",
    "u_position": "bigint",
    "p_source": "text",
    "p_position": "bigint",
    "p_epoch": "uuid",
    "p_stream": "uuid",
    "p_name": "text",
    "p_wire": "bytea",
    "p_error": "text",
    "p_attempts": "bigint",
    "p_retry_at": "bigint",
}
"""Arrays, by the part of the unit they hold: facts, the version before them of each
stream, answers, claims, releases, known, what was read, the log's end, marks, unparked,
parked."""

LEAF = r"""sha256(
    opening || int8send(position) || '\x00000010' || uuid_send(stream)
    || '\x00000008' || int8send(version)
    || int4send(octet_length(convert_to(name, 'UTF8'))) || convert_to(name, 'UTF8')
    || '\x00000008' || int8send(schema) || '\x00000008' || int8send(recorded_at)
    || int4send(octet_length(meta)) || meta || int4send(octet_length(data)) || data
)"""
"""What `tree.leaf_of` says, in SQL; `opening` is the part that an epoch has in common."""


def _opening(log: str) -> str:
    source = f"convert_to({log}.source, 'UTF8')"
    return (
        rf"'\x00' || int4send(octet_length({source})) || {source}"
        rf" || '\x00000010' || uuid_send({log}.epoch) || '\x00000008'"
    )


UNIT = ", ".join(f"{name} {type_}[] DEFAULT '{{}}'" for name, type_ in ARGUMENTS.items())

# Plans are kept while tables grow from nothing: so they go by the index from the first.
# Each statement of a volatile function sees what was committed before it: so all that
# follows the lock sees what its last holder did.
APPEND = rf"""
DROP FUNCTION IF EXISTS append_unit;
CREATE FUNCTION append_unit(
    now_ bigint, OUT epoch_ uuid, OUT position_ bigint, OUT recorded_at_ bigint, {UNIT}
)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    h head;
    start bigint;
    rows_ bigint;
    taken record;
    opening bytea;
BEGIN
    PERFORM pg_advisory_xact_lock({APPENDING});
    IF f_stream <> '{{}}' THEN
        UPDATE head SET position = position + cardinality(f_stream),
            recorded_at = greatest(now_, recorded_at)
        RETURNING * INTO STRICT h;
    ELSE
        SELECT * INTO STRICT h FROM head;
    END IF;
    start := h.position - cardinality(f_stream);
    IF l_position[1] <> start THEN
        RAISE SQLSTATE '{CONFLICT}' USING MESSAGE = 'log', DETAIL = h.source;
    END IF;

    IF m_source <> '{{}}' THEN
        SELECT source, CASE WHEN marks.epoch <> e THEN 'epoch' ELSE 'mark' END AS what
        INTO taken
        FROM unnest(m_source, m_epoch, m_position) AS m (source, e, p)
        JOIN marks USING (source) WHERE marks.epoch <> e OR marks.position >= p LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE '{CONFLICT}' USING MESSAGE = taken.what, DETAIL = taken.source;
        END IF;
        INSERT INTO marks SELECT * FROM unnest(m_source, m_epoch, m_position)
        ON CONFLICT (source) DO UPDATE
        SET epoch = excluded.epoch, position = excluded.position;
    END IF;

    IF a_command_id <> '{{}}' THEN
        INSERT INTO commands
        SELECT id, hmac, outcome,
            CASE facts WHEN 0 THEN h.position ELSE start + facts END
        FROM unnest(a_command_id, a_body_hmac, a_outcome, a_facts)
            AS a (id, hmac, outcome, facts)
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS rows_ = ROW_COUNT;
        IF rows_ < cardinality(a_command_id) THEN
            SELECT command_id INTO STRICT taken
            FROM unnest(a_command_id) AS a (command_id) JOIN commands USING (command_id)
            WHERE commands.xmin <> pg_current_xact_id()::xid LIMIT 1;
            RAISE SQLSTATE '{CONFLICT}'
                USING MESSAGE = 'command', DETAIL = taken.command_id;
        END IF;
    END IF;

    IF b_stream <> '{{}}' THEN
        SELECT b.stream INTO taken FROM unnest(b_stream, b_version) AS b (stream, before)
        WHERE before <> coalesce((
            SELECT r.version FROM records r WHERE r.stream = b.stream
            ORDER BY r.version DESC LIMIT 1), 0) LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE '{CONFLICT}' USING MESSAGE = 'stream', DETAIL = taken.stream;
        END IF;
    END IF;

    IF w_kind <> '{{}}' THEN
        SELECT kind, about INTO taken
        FROM unnest(w_kind, w_about, w_was) AS w (kind, about, was)
        LEFT JOIN known USING (kind, about)
        WHERE was <> coalesce(sha256(history), '') LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE '{CONFLICT}'
                USING MESSAGE = 'known', DETAIL = taken.kind || ' ' || taken.about;
        END IF;
    END IF;

    IF f_stream <> '{{}}' THEN
        opening := {_opening("h")};
        INSERT INTO records
        SELECT position, h.epoch, recorded_at, event_id, stream, version, name, schema,
            territory, split_part(territory, '/', 1), meta, data, {LEAF}
        FROM (
            SELECT start + n AS position, h.recorded_at, f.*
            FROM unnest(
                f_event_id, f_stream, f_version, f_name, f_schema, f_territory, f_meta,
                f_data
            ) WITH ORDINALITY
                AS f (event_id, stream, version, name, schema, territory, meta, data, n)
        ) AS said;
    END IF;

    IF r_kind <> '{{}}' THEN
        DELETE FROM claims USING unnest(r_kind, r_key_hmac, r_holder) AS r (k, h, id)
        WHERE kind = k AND key_hmac = r.h AND holder = id;
    END IF;

    IF c_kind <> '{{}}' THEN
        INSERT INTO claims SELECT * FROM unnest(c_kind, c_key_hmac, c_holder)
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS rows_ = ROW_COUNT;
        IF rows_ < cardinality(c_kind) THEN
            SELECT kind, key_hmac INTO taken
            FROM unnest(c_kind, c_key_hmac, c_holder) AS c (kind, key_hmac, id)
            JOIN claims USING (kind, key_hmac) WHERE holder <> id LIMIT 1;
            IF FOUND THEN
                RAISE SQLSTATE '{CONFLICT}' USING MESSAGE = 'key',
                    DETAIL = taken.kind || '/' || encode(taken.key_hmac, 'hex');
            END IF;
        END IF;
    END IF;

    IF k_kind <> '{{}}' THEN
        INSERT INTO known SELECT * FROM unnest(k_kind, k_about, k_history)
        ON CONFLICT (kind, about) DO UPDATE SET history = excluded.history;
    END IF;

    IF u_source <> '{{}}' THEN
        DELETE FROM parked USING unnest(u_source, u_position) AS u (s, p)
        WHERE source = s AND position = p;
        GET DIAGNOSTICS rows_ = ROW_COUNT;
        IF rows_ < cardinality(u_source) THEN
            RAISE SQLSTATE '{CONFLICT}' USING MESSAGE = 'parked',
                DETAIL = u_source[1] || ' ' || u_position[1];
        END IF;
    END IF;

    IF p_source <> '{{}}' THEN
        INSERT INTO parked
        SELECT * FROM unnest(
            p_source, p_position, p_epoch, p_stream, p_name, p_wire, p_error, p_attempts,
            p_retry_at
        )
        ON CONFLICT (source, position) DO UPDATE SET error = excluded.error,
            attempts = excluded.attempts, retry_at = excluded.retry_at;
    END IF;

    epoch_ := h.epoch;
    position_ := h.position;
    recorded_at_ := h.recorded_at;
END $$;
"""


# The snapshot is older than the lock. So under it nothing is read but the head, which an
# UPDATE reads anew, and what is unique; that the version before is there cannot change.
FIRST = f"""
WITH next AS (
    UPDATE head SET position = position + 1, recorded_at = greatest($1, recorded_at)
    WHERE (SELECT pg_advisory_xact_lock({APPENDING})) IS NOT NULL
    RETURNING source, epoch, position, recorded_at
),
answered AS (INSERT INTO commands SELECT $10, $11, $12, position FROM next)
INSERT INTO records
SELECT position, epoch, recorded_at, event_id, stream, version, name, schema, territory,
    split_part(territory, '/', 1), meta, data, {LEAF}
FROM (SELECT *, {_opening("next")} AS opening FROM next) AS next, (
    SELECT $2 AS event_id, $3 AS stream, $4 AS version, $5 AS name, $6 AS schema,
        $7 AS territory, $8 AS meta, $9 AS data
) AS said
RETURNING epoch, position, recorded_at
"""
"""Appends the first fact of a stream and the answer to its command."""

NEXT = FIRST.replace(
    "WHERE", "WHERE EXISTS (SELECT FROM records WHERE stream = $3 AND version = $4 - 1) AND"
)
"""Appends a later fact, and nothing where the stream has not come so far."""

ONE_TYPES = (
    *("bigint", "uuid", "uuid", "bigint", "text", "bigint", "text", "bytea", "bytea"),
    *("uuid", "bytea", "bytea"),
)


def call(arguments: int) -> bytes:
    """Return the statement that appends a unit given by its first arguments."""
    return f"SELECT * FROM append_unit(%b{', %b' * (arguments - 1)})".encode()


def migrate_postgres(url: str, source: str) -> None:
    """Make the tables of a log and its first epoch, if they are not there.

    The tables of an earlier release become this one's; those of a later one stay its own.
    Raises `Unreachable`.
    """
    with connected(url, "STORE_URL") as pg:
        pg.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATING])
        pg.execute(TABLES.encode())
        pg.execute(APPEND.encode())
        pg.execute("UPDATE schema_version SET version = greatest(version, %s)", [SCHEMA])
        if pg.execute("SELECT FROM head").fetchone() is None:
            epoch = uuid7()
            pg.execute("INSERT INTO schema_version VALUES (%s)", [SCHEMA])
            pg.execute("INSERT INTO head VALUES (%s, %s, 0)", [source, epoch])
            pg.execute(
                "INSERT INTO log_epoch (epoch, branched_at_position) VALUES (%s, 0)",
                [epoch],
            )
