-- made by tests/trading/make_old_journal.py with the code of commit b2dae12
BEGIN TRANSACTION;
CREATE TABLE order_journal (
        seq INTEGER PRIMARY KEY, account TEXT NOT NULL, client_order_id TEXT NOT NULL, attempt TEXT NOT NULL,
        fingerprint TEXT NOT NULL, summary TEXT NOT NULL, estimate TEXT NOT NULL, at TEXT NOT NULL,
        lands_by TEXT NOT NULL, state TEXT NOT NULL, order_id TEXT, written TEXT NOT NULL);
INSERT INTO "order_journal" VALUES(1,'account-1','fin-1c51cc6b69d8457cc3e6a5dbe69785fdcfd7aed1','attempt-1','c880936ee2b42e467192998a1529412959b11c95cbb7be0d97f86a5da5d3a6bb','placed','1000','2026-03-10T15:00:00.000000+00:00','2026-03-10T15:02:30.000000+00:00','intent',NULL,'2026-03-10T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(2,'account-1','fin-1c51cc6b69d8457cc3e6a5dbe69785fdcfd7aed1','attempt-1','c880936ee2b42e467192998a1529412959b11c95cbb7be0d97f86a5da5d3a6bb','placed','1000','2026-03-10T15:00:00.000000+00:00','2026-03-10T15:02:30.000000+00:00','placed','order-1','2026-03-10T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(3,'account-1','fin-6200189e909a84791eaf8950d91032d111e07970','attempt-2','c1f380298c6ad6f38a5e50eb0a5a2de617698acfb7c5e3590d3579c10463e774','limit','1000','2026-03-10T15:00:00.000000+00:00','2026-03-10T15:02:30.000000+00:00','intent',NULL,'2026-03-10T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(4,'account-1','fin-6200189e909a84791eaf8950d91032d111e07970','attempt-2','c1f380298c6ad6f38a5e50eb0a5a2de617698acfb7c5e3590d3579c10463e774','limit','1000','2026-03-10T15:00:00.000000+00:00','2026-03-10T15:02:30.000000+00:00','placed','order-2','2026-03-10T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(5,'account-1','fin-1ecb0867e6816f69b19d38345541d7845812362a','attempt-3','03771dda3ff4ad7597d5d944f0a2641d2f00e60ee9cbbc7bab7fbed708bf9709','closed','1000','2026-03-10T15:00:00.000000+00:00','2026-03-10T15:02:30.000000+00:00','intent',NULL,'2026-03-10T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(6,'account-1','fin-1ecb0867e6816f69b19d38345541d7845812362a','attempt-3','03771dda3ff4ad7597d5d944f0a2641d2f00e60ee9cbbc7bab7fbed708bf9709','closed','1000','2026-03-10T15:00:00.000000+00:00','2026-03-10T15:02:30.000000+00:00','placed','order-3','2026-03-10T15:00:00.000000+00:00');
INSERT INTO "order_journal" VALUES(7,'account-1','fin-129bdcc76cca1d3841e0f891293db86a742f8c7f','attempt-4','5087f157b1debd5d1c46ad102101e8536f698b821e92d462ae372504921c2160','lost','1000','2026-03-10T15:00:00.000000+00:00','2026-03-10T15:02:30.000000+00:00','intent',NULL,'2026-03-10T15:00:00.000000+00:00');
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
