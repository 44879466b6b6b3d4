-- made by tests/asset_aggregator/make_old_journal.py with the code of commit b2dae12
BEGIN TRANSACTION;
CREATE TABLE order_journal (
        seq INTEGER PRIMARY KEY, account TEXT NOT NULL, client_order_id TEXT NOT NULL, attempt TEXT NOT NULL,
        fingerprint TEXT NOT NULL, summary TEXT NOT NULL, estimate TEXT NOT NULL, at TEXT NOT NULL,
        lands_by TEXT NOT NULL, state TEXT NOT NULL, order_id TEXT, written TEXT NOT NULL);
INSERT INTO "order_journal" VALUES(1,'e30cf5ba-ef29-47bb-b127-d75c3ad507a4','fin-3833f070da7f7c214b79e50910009e1f19b4b4e4','3b4e093e26fb4ba7aca6c799d18466e3','5087f157b1debd5d1c46ad102101e8536f698b821e92d462ae372504921c2160','buy 3 US:AAPL market day','843.3048','2026-11-20T15:00:00.000000+00:00','2026-11-27T01:20:24.826006+00:00','intent',NULL,'2026-11-20T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(2,'e30cf5ba-ef29-47bb-b127-d75c3ad507a4','fin-3833f070da7f7c214b79e50910009e1f19b4b4e4','3b4e093e26fb4ba7aca6c799d18466e3','5087f157b1debd5d1c46ad102101e8536f698b821e92d462ae372504921c2160','buy 3 US:AAPL market day','843.3048','2026-11-20T15:00:00.000000+00:00','2026-11-27T01:20:24.826006+00:00','placed','305a5c56-7de3-49bf-a617-943787198081','2026-11-27T01:17:59.891450+00:00');
INSERT INTO "order_journal" VALUES(3,'e30cf5ba-ef29-47bb-b127-d75c3ad507a4','fin-613ef9d101e533671ac988ec5fed3859c8fdc79d','d8f0330e50ba43809528b11bba9578f4','53fc1fc58cd45edc395d837520d628e8f576c7efc74b1468090360f053afdf0a','buy 4 US:AAPL market day','1124.4064','2026-11-20T15:00:00.000000+00:00','2026-11-27T01:20:24.895247+00:00','intent',NULL,'2026-11-20T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(4,'e30cf5ba-ef29-47bb-b127-d75c3ad507a4','fin-613ef9d101e533671ac988ec5fed3859c8fdc79d','d8f0330e50ba43809528b11bba9578f4','53fc1fc58cd45edc395d837520d628e8f576c7efc74b1468090360f053afdf0a','buy 4 US:AAPL market day','1124.4064','2026-11-20T15:00:00.000000+00:00','2026-11-27T01:20:24.895247+00:00','placed','83061b4d-66b5-4895-a3c2-d4bca897bfe3','2026-11-27T01:17:59.903283+00:00');
CREATE INDEX order_journal_id ON order_journal (account, client_order_id, attempt, seq);
CREATE INDEX order_journal_at ON order_journal (account, at);
CREATE TRIGGER order_journal_no_update BEFORE update ON order_journal
        BEGIN SELECT RAISE(ABORT, 'the order journal is append-only'); END;
CREATE TRIGGER order_journal_no_delete BEFORE delete ON order_journal
        BEGIN SELECT RAISE(ABORT, 'the order journal is append-only'); END;
CREATE TRIGGER order_journal_no_replace BEFORE INSERT ON order_journal
        WHEN NEW.seq IN (SELECT seq FROM order_journal)
        BEGIN SELECT RAISE(ABORT, 'the order journal is append-only'); END;
COMMIT;
