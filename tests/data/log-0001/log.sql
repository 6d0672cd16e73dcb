BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE chains (
	chain VARCHAR(100) NOT NULL, 
	next_seq BIGINT NOT NULL, 
	head VARCHAR(71) NOT NULL, 
	checkpoint_seq BIGINT NOT NULL, 
	checkpoint_at VARCHAR(32), 
	CONSTRAINT pk_chains PRIMARY KEY (chain)
);
INSERT INTO "chains" VALUES('clinic/decisions',13,'sha256:7dcaa171015f56bd1ef33efe0ce5f19b818f74293a9871d676a1403102a3af61',8,'2026-11-01T16:00:00Z');
INSERT INTO "chains" VALUES('clinic/access',11,'sha256:76e1b5123eca19048009d8e47c8bd805f0d1b7d7203abda6e850881f4d3618d2',8,'2026-11-01T16:00:00Z');
CREATE TABLE checkpoints (
	chain VARCHAR(100) NOT NULL, 
	seq BIGINT NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	statement TEXT NOT NULL, 
	signature TEXT NOT NULL, 
	CONSTRAINT pk_checkpoints PRIMARY KEY (chain, seq)
);
INSERT INTO "checkpoints" VALUES('clinic/access',5,'2026-11-01T13:00:00Z','{"at":"2026-11-01T13:00:00Z","chain":"clinic/access","digest":"sha256:f629c78d66cbbccee0cf489c2a0171148774aa0fc4bb9d431b1000707fee0f76","public_key":"/uKAVGFtY4FP94zqqmTb3szGhpA8sv/BaATqQAw9dvs=","seq":5,"v":1}','eVhlBVFhne1pq4xPFijOfaGwYJY4ChZCnyBt4XHORrDyg5A6cffgMgTK0/d62sSE/nybYw7z0g4rlyHJICAmAA==');
INSERT INTO "checkpoints" VALUES('clinic/decisions',5,'2026-11-01T13:00:00Z','{"at":"2026-11-01T13:00:00Z","chain":"clinic/decisions","digest":"sha256:58549e0ce7fe4ae8d0427cc0ead59293980ae79673c81ba082ca6d134591c325","public_key":"/uKAVGFtY4FP94zqqmTb3szGhpA8sv/BaATqQAw9dvs=","seq":5,"v":1}','v/lIgPVO+k6vMVIeMnghov1M3aRhYC0T1TXsptm27Wo9RJQUccF8A+/DHvPhXDUdpN7y4Grvj/wMLz7l6OHjBQ==');
INSERT INTO "checkpoints" VALUES('clinic/access',8,'2026-11-01T16:00:00Z','{"at":"2026-11-01T16:00:00Z","chain":"clinic/access","digest":"sha256:d2f5370c3cf3d6e9cb95d3beab7eeb653e54eeb6290d730aabb15a23304320fe","public_key":"/uKAVGFtY4FP94zqqmTb3szGhpA8sv/BaATqQAw9dvs=","seq":8,"v":1}','aQW62xv6jOrUwheVqKC1zudergAMoD4ZViTMIsf0v+llHQsg+tZJNQT0DqZT/f06S9AQdqDHY4yv9yeuPD7PCw==');
INSERT INTO "checkpoints" VALUES('clinic/decisions',8,'2026-11-01T16:00:00Z','{"at":"2026-11-01T16:00:00Z","chain":"clinic/decisions","digest":"sha256:129eeb18300d39b8da5cb509eed944456fc389d42984f02b5abf0bdf9285d9c0","public_key":"/uKAVGFtY4FP94zqqmTb3szGhpA8sv/BaATqQAw9dvs=","seq":8,"v":1}','IzVHmo5aosFZwLEC0GZyOVKlXE8Rm8Uzngqdk9ZLa3ogIZQsJRLnUp9iJD+sv0MOY8dciBlJNT340qFgmxSOAw==');
CREATE TABLE exams (
	tenant VARCHAR(100) NOT NULL, 
	lookup VARCHAR(64) NOT NULL, 
	record_id VARCHAR(64) NOT NULL, 
	subject VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_exams PRIMARY KEY (tenant, lookup), 
	CONSTRAINT fk_exams_subject_subjects FOREIGN KEY(subject) REFERENCES subjects (token) ON DELETE CASCADE
);
INSERT INTO "exams" VALUES('clinic','exam 0','00000000-0000-4000-8000-000000000000','3da747721e14d844ecf100c955b1416b');
INSERT INTO "exams" VALUES('clinic','exam 2','00000000-0000-4000-8000-000000000002','bcc2655783ad4d4d8325a9cf4fe5a950');
INSERT INTO "exams" VALUES('clinic','exam 3','00000000-0000-4000-8000-000000000003','d79ae2112ad78bdb7e396310c90b27f9');
INSERT INTO "exams" VALUES('clinic','exam 4','00000000-0000-4000-8000-000000000004','3da747721e14d844ecf100c955b1416b');
INSERT INTO "exams" VALUES('clinic','exam 6','00000000-0000-4000-8000-000000000006','bcc2655783ad4d4d8325a9cf4fe5a950');
INSERT INTO "exams" VALUES('clinic','exam 7','00000000-0000-4000-8000-000000000007','d79ae2112ad78bdb7e396310c90b27f9');
INSERT INTO "exams" VALUES('clinic','exam 8','00000000-0000-4000-8000-000000000008','3da747721e14d844ecf100c955b1416b');
CREATE TABLE keyring (
	what VARCHAR(100) NOT NULL, 
	key_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_keyring PRIMARY KEY (what)
);
INSERT INTO "keyring" VALUES('master','2c7b577b7c8edbcc');
INSERT INTO "keyring" VALUES('chain','b13e40890243e1e5');
INSERT INTO "keyring" VALUES('signing','01d56ed19ba021a3');
CREATE TABLE mentions (
	chain VARCHAR(100) NOT NULL, 
	what VARCHAR(100) NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	seq BIGINT NOT NULL, 
	CONSTRAINT pk_mentions PRIMARY KEY (chain, what, name, seq)
);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',1);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',1);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',2);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',2);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',3);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',3);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',4);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',4);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',5);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',5);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',6);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',6);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',7);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',7);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',8);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',8);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',9);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',9);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',10);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',10);
INSERT INTO "mentions" VALUES('clinic/decisions','fires','H01',12);
INSERT INTO "mentions" VALUES('clinic/decisions','outcome','clear',12);
CREATE TABLE records (
	chain VARCHAR(100) NOT NULL, 
	seq BIGINT NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(100) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	subject VARCHAR(64), 
	about VARCHAR(64), 
	record TEXT NOT NULL, 
	sealed BLOB, 
	digest VARCHAR(71) NOT NULL, 
	mac VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_records PRIMARY KEY (chain, seq), 
	CONSTRAINT uq_records_id UNIQUE (id)
);
INSERT INTO "records" VALUES('clinic/decisions',1,'00000000-0000-4000-8000-000000000000','assessment','2026-11-01T08:00:00Z','3da747721e14d844ecf100c955b1416b',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T08:00:00Z","chain":"clinic/decisions","clear":{"number":0},"id":"00000000-0000-4000-8000-000000000000","kind":"assessment","previous":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","sealed":"sha256:3919c73caaf431d4481235d71ea6174e2c2cfdfee4dc3c07892933f81837d996","seq":1,"subject":"3da747721e14d844ecf100c955b1416b","v":1}',X'2A63684511AC138EF4ED6D75E94F13D547E89AF992C986DEBAE11E75B189E9878FBEA8E1AE5140644D22B75D0DEEFC6F3C307EED6D5757E0A1680476','sha256:e93278d2381d46079c903e0fda393c4e84e97bb5aa816a837563b32d5c77e526','d1c663dbd711b886abfeda5e775a69e33e83541b226eaa8f0b147caf399b57ab');
INSERT INTO "records" VALUES('clinic/access',1,'00000000-0000-4000-8001-000000000000','read','2026-11-01T09:00:00Z',NULL,'00000000-0000-4000-8000-000000000000','{"about":"00000000-0000-4000-8000-000000000000","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T09:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000000","kind":"read","previous":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","seq":1,"v":1}',NULL,'sha256:59edb5e795d24a36a73e435ce6622b9ef44090f3b58f68329212ad58adee79eb','4735052c89ed73eafa3b095d30004985eb2e727c036baa18a9fd294f257a9c25');
INSERT INTO "records" VALUES('clinic/decisions',2,'00000000-0000-4000-8000-000000000001','assessment','2026-11-01T09:00:00Z','7d8a7750302d425809a10f29f419e142',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T09:00:00Z","chain":"clinic/decisions","clear":{"number":1},"id":"00000000-0000-4000-8000-000000000001","kind":"assessment","previous":"sha256:e93278d2381d46079c903e0fda393c4e84e97bb5aa816a837563b32d5c77e526","sealed":"sha256:18a65eb1d3f6a7458930fbabeeb9cd2ee1b9bd3050aeed5d40adfebb0e97d3c5","seq":2,"subject":"7d8a7750302d425809a10f29f419e142","v":1}',X'32C6EFDA07436FD6E0CAF9FDAD3A2B68E3AEB15F37205AA50B8CE2CEE96FE5E8A2E30C1C5FEA98A0D15CF27A00172C48C01912DBCE4A2DA3C4A7E136','sha256:75fe27c7da2a5f12e1bf35a7247cdacebf338df01c601f11f14f6dea15552939','1f2d894ff6c0b815a988f80e03d650dbed20baf1ed0c2ca0e07c871ac635d9f8');
INSERT INTO "records" VALUES('clinic/access',2,'00000000-0000-4000-8001-000000000001','read','2026-11-01T10:00:00Z',NULL,'00000000-0000-4000-8000-000000000001','{"about":"00000000-0000-4000-8000-000000000001","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T10:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000001","kind":"read","previous":"sha256:59edb5e795d24a36a73e435ce6622b9ef44090f3b58f68329212ad58adee79eb","seq":2,"v":1}',NULL,'sha256:30894ef57ec3d37d5c350fbfdb01e65cae25ffa262ccb6a2ab38d49a36e8113b','db84c2610b775b504cf88021a90e06a2f57146bb17e4105f7119a190fb4c9daa');
INSERT INTO "records" VALUES('clinic/decisions',3,'00000000-0000-4000-8000-000000000002','assessment','2026-11-01T10:00:00Z','bcc2655783ad4d4d8325a9cf4fe5a950',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T10:00:00Z","chain":"clinic/decisions","clear":{"number":2},"id":"00000000-0000-4000-8000-000000000002","kind":"assessment","previous":"sha256:75fe27c7da2a5f12e1bf35a7247cdacebf338df01c601f11f14f6dea15552939","sealed":"sha256:7a424ece1b7484557033e42b8243394154c8f71716460fd6db3e2dd8933aa7e8","seq":3,"subject":"bcc2655783ad4d4d8325a9cf4fe5a950","v":1}',X'7553747341397F9EE6DFD4DE0CA6F51731017601BFFB018B7479CFDE6BECBC12C7B3D0CDDD6BC0F1A36E55538BE51833A4F4C493F3798339D972E7D7','sha256:0e1c60077a136a4012d6e7c062b4aed5a7e902dcf947bd90f2d768bf42ae7072','df927a82433b40bb52876d1e3395c01c1533b065ab7152b8844f8da4b516c715');
INSERT INTO "records" VALUES('clinic/access',3,'00000000-0000-4000-8001-000000000002','read','2026-11-01T11:00:00Z',NULL,'00000000-0000-4000-8000-000000000002','{"about":"00000000-0000-4000-8000-000000000002","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T11:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000002","kind":"read","previous":"sha256:30894ef57ec3d37d5c350fbfdb01e65cae25ffa262ccb6a2ab38d49a36e8113b","seq":3,"v":1}',NULL,'sha256:c14fc362fd91967d6e2d495ef44e8d85c5bc3ef065fa0af20bfad8114e6acbb0','b3229e2c34e5bc0733e058a04633d2f83ab2d4efa86b1a2d1a9cf7eb42dd7dae');
INSERT INTO "records" VALUES('clinic/decisions',4,'00000000-0000-4000-8000-000000000003','assessment','2026-11-01T11:00:00Z','d79ae2112ad78bdb7e396310c90b27f9',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T11:00:00Z","chain":"clinic/decisions","clear":{"number":3},"id":"00000000-0000-4000-8000-000000000003","kind":"assessment","previous":"sha256:0e1c60077a136a4012d6e7c062b4aed5a7e902dcf947bd90f2d768bf42ae7072","sealed":"sha256:a30d4ff2274b486cceb3abafca96214ceef566291cebeee84d30649fb03e9862","seq":4,"subject":"d79ae2112ad78bdb7e396310c90b27f9","v":1}',X'BEFF1AFBD5782DF050E5D68D801429E085669B1D6E9E3C8474E551BBCDC0605CB2D77A0A2B9CD0E820F7D3B8C64CC2F2EB1F5DF01CB622703455EECD','sha256:4612c6755e5e49f89031bd65681083255f1309e64d07f6c058cbd0b0ea981567','07d22165d7711f2b867fc4d327c36a2effd6a98081e2e215346261ea12d98b65');
INSERT INTO "records" VALUES('clinic/access',4,'00000000-0000-4000-8001-000000000003','read','2026-11-01T12:00:00Z',NULL,'00000000-0000-4000-8000-000000000003','{"about":"00000000-0000-4000-8000-000000000003","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T12:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000003","kind":"read","previous":"sha256:c14fc362fd91967d6e2d495ef44e8d85c5bc3ef065fa0af20bfad8114e6acbb0","seq":4,"v":1}',NULL,'sha256:de5ae838f3a7a91be3df35651bfa1d5a240408f20c424e0120b3b72d916b0a87','be95d5b9bea8b6941d6fe182c63b0c4ac64e7ad0f05446a4663c5f184d533ad9');
INSERT INTO "records" VALUES('clinic/decisions',5,'00000000-0000-4000-8000-000000000004','assessment','2026-11-01T12:00:00Z','3da747721e14d844ecf100c955b1416b',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T12:00:00Z","chain":"clinic/decisions","clear":{"number":4},"id":"00000000-0000-4000-8000-000000000004","kind":"assessment","previous":"sha256:4612c6755e5e49f89031bd65681083255f1309e64d07f6c058cbd0b0ea981567","sealed":"sha256:9f7f1d0370786495711fa5ef7d42ba0b738556d7a65ab02877289c35bfc49a48","seq":5,"subject":"3da747721e14d844ecf100c955b1416b","v":1}',X'5D5122FDFC65DB5AD0A00EEDC5917EB0E20DCF720933DE543E30561D2AAD5F8DB3F5F1BFCCC1AB917F26E177BD3279076202E78796CBACD7EA142BBC','sha256:58549e0ce7fe4ae8d0427cc0ead59293980ae79673c81ba082ca6d134591c325','e15b278d71ef784e94ba69b42c45254d0db3ecef80b9dc8cc808601705ad73d2');
INSERT INTO "records" VALUES('clinic/access',5,'00000000-0000-4000-8001-000000000004','read','2026-11-01T13:00:00Z',NULL,'00000000-0000-4000-8000-000000000004','{"about":"00000000-0000-4000-8000-000000000004","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T13:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000004","kind":"read","previous":"sha256:de5ae838f3a7a91be3df35651bfa1d5a240408f20c424e0120b3b72d916b0a87","seq":5,"v":1}',NULL,'sha256:f629c78d66cbbccee0cf489c2a0171148774aa0fc4bb9d431b1000707fee0f76','4c3684f38c0c65cfd03c91012abe98b0f719bc2dc145cde924b488507384276a');
INSERT INTO "records" VALUES('clinic/decisions',6,'00000000-0000-4000-8000-000000000005','assessment','2026-11-01T13:00:00Z','7d8a7750302d425809a10f29f419e142',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T13:00:00Z","chain":"clinic/decisions","clear":{"number":5},"id":"00000000-0000-4000-8000-000000000005","kind":"assessment","previous":"sha256:58549e0ce7fe4ae8d0427cc0ead59293980ae79673c81ba082ca6d134591c325","sealed":"sha256:e733187f3c5277ef262d90ac24f33010c98d71c0c8895e2159f6827b272078e2","seq":6,"subject":"7d8a7750302d425809a10f29f419e142","v":1}',X'DD53E4A63F7F70CE779C18F1D372590A15A080B7B7259C30109C5FCE67AEC4D38F7B051B1517196ECE325CD06CDA678A576B6F24B8052646F1B45A79','sha256:a7924266e50732dc12b2ab0c65cdea9300c73964ee6174ae6d46c845851c557f','2a278a07162e6685ec180adca0d8124dfcb2d86785cf1618761cc3623ac93680');
INSERT INTO "records" VALUES('clinic/access',6,'00000000-0000-4000-8001-000000000005','read','2026-11-01T14:00:00Z',NULL,'00000000-0000-4000-8000-000000000005','{"about":"00000000-0000-4000-8000-000000000005","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T14:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000005","kind":"read","previous":"sha256:f629c78d66cbbccee0cf489c2a0171148774aa0fc4bb9d431b1000707fee0f76","seq":6,"v":1}',NULL,'sha256:8a7f92a25d299fa6cf5ec5040bad44d85e0e0691a20abf0ef23019660b25297f','fcdc682290e5e577f9620a410f45e77f2a418d141918c314184619a78b0913a6');
INSERT INTO "records" VALUES('clinic/decisions',7,'00000000-0000-4000-8000-000000000006','assessment','2026-11-01T14:00:00Z','bcc2655783ad4d4d8325a9cf4fe5a950',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T14:00:00Z","chain":"clinic/decisions","clear":{"number":6},"id":"00000000-0000-4000-8000-000000000006","kind":"assessment","previous":"sha256:a7924266e50732dc12b2ab0c65cdea9300c73964ee6174ae6d46c845851c557f","sealed":"sha256:06e4778fbe157193807366900f085509224bd013692051d203eb884575e30d9b","seq":7,"subject":"bcc2655783ad4d4d8325a9cf4fe5a950","v":1}',X'6D7F4E6676B1BB51086B4D65794FF04FBC1C7E9DEFF3361C3DDC2C7EA5BF9CC6202AFAC0013DC924B86E12B1FA6F78B00E9BA78F7A582B0230B1C5FE','sha256:056dba85e57d859a2d9161401f28a1cba9df9cbb9e90e0c4319e0fd677da1a8f','3d0cd7e5e2094a655ca9c3f63f42ef83fa43e5194afaa4932f1577e370de543c');
INSERT INTO "records" VALUES('clinic/access',7,'00000000-0000-4000-8001-000000000006','read','2026-11-01T15:00:00Z',NULL,'00000000-0000-4000-8000-000000000006','{"about":"00000000-0000-4000-8000-000000000006","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T15:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000006","kind":"read","previous":"sha256:8a7f92a25d299fa6cf5ec5040bad44d85e0e0691a20abf0ef23019660b25297f","seq":7,"v":1}',NULL,'sha256:31993a9bfdf7cc7d2f9a151db566628710594cfc91c4f76bf64ff393507895a9','2c3b43d9d62edf0c9203e597c12bd8f5efcf8439997bb0597cfa81639e1bbe44');
INSERT INTO "records" VALUES('clinic/decisions',8,'00000000-0000-4000-8000-000000000007','assessment','2026-11-01T15:00:00Z','d79ae2112ad78bdb7e396310c90b27f9',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T15:00:00Z","chain":"clinic/decisions","clear":{"number":7},"id":"00000000-0000-4000-8000-000000000007","kind":"assessment","previous":"sha256:056dba85e57d859a2d9161401f28a1cba9df9cbb9e90e0c4319e0fd677da1a8f","sealed":"sha256:14ad57e7a7454f76ede9884da641bb41a8c269a35d87436cfe3111e873c95933","seq":8,"subject":"d79ae2112ad78bdb7e396310c90b27f9","v":1}',X'FFF03563562ED79A5A7BC263A03810220614E73D2ECD4E96A514A67843246A8338B3F32D558D4E9A1931B85441B6AC2718CBAE805046377B0304B512','sha256:129eeb18300d39b8da5cb509eed944456fc389d42984f02b5abf0bdf9285d9c0','7ac420c3e90b33c61ee0d5b5084d7932846b8bfa77fcdbe0363311ac51a0b8b8');
INSERT INTO "records" VALUES('clinic/access',8,'00000000-0000-4000-8001-000000000007','read','2026-11-01T16:00:00Z',NULL,'00000000-0000-4000-8000-000000000007','{"about":"00000000-0000-4000-8000-000000000007","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T16:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000007","kind":"read","previous":"sha256:31993a9bfdf7cc7d2f9a151db566628710594cfc91c4f76bf64ff393507895a9","seq":8,"v":1}',NULL,'sha256:d2f5370c3cf3d6e9cb95d3beab7eeb653e54eeb6290d730aabb15a23304320fe','78e0c40ba5d3b3147f6d8379c1c4e0b89140785080d00167057ee70af011f147');
INSERT INTO "records" VALUES('clinic/decisions',9,'00000000-0000-4000-8000-000000000008','assessment','2026-11-01T16:00:00Z','3da747721e14d844ecf100c955b1416b',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T16:00:00Z","chain":"clinic/decisions","clear":{"number":8},"id":"00000000-0000-4000-8000-000000000008","kind":"assessment","previous":"sha256:129eeb18300d39b8da5cb509eed944456fc389d42984f02b5abf0bdf9285d9c0","sealed":"sha256:9c6c90c4e73c85e9fac6b109f4816c01f073402a0eb9e4b9bbf6d8964986885b","seq":9,"subject":"3da747721e14d844ecf100c955b1416b","v":1}',X'F5FF1151723959BE9B3FB97E160A15E50F8C061323DF5AF9FDB0AFD50B765B2BEBCA8BA9223A08F76B5FE2DF2E680C444B6FF7A74B7C10BDCFF4CA0C','sha256:25f5ffe42e5adc36b07093b9689ec1b7b2b9f104b440832a3e6e6e3e14e4b66c','db7dd206dcfe135f511b6e3a01e2cb36452dc75e5e72132b1076a99f1d8cdfa1');
INSERT INTO "records" VALUES('clinic/access',9,'00000000-0000-4000-8001-000000000008','read','2026-11-01T17:00:00Z',NULL,'00000000-0000-4000-8000-000000000008','{"about":"00000000-0000-4000-8000-000000000008","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T17:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000008","kind":"read","previous":"sha256:d2f5370c3cf3d6e9cb95d3beab7eeb653e54eeb6290d730aabb15a23304320fe","seq":9,"v":1}',NULL,'sha256:9edffc1d9d4ea363fa8c3ae690f5722b367df0c76ed5ad29ac6046a79b544779','cdc43afd7e77b5d4678c3402faddba361b082ce28369ff7b785aa36733d6562c');
INSERT INTO "records" VALUES('clinic/decisions',10,'00000000-0000-4000-8000-000000000009','assessment','2026-11-01T17:00:00Z','7d8a7750302d425809a10f29f419e142',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T17:00:00Z","chain":"clinic/decisions","clear":{"number":9},"id":"00000000-0000-4000-8000-000000000009","kind":"assessment","previous":"sha256:25f5ffe42e5adc36b07093b9689ec1b7b2b9f104b440832a3e6e6e3e14e4b66c","sealed":"sha256:ed224ccab22cf238c936210c6214211326dd0461119cf3de8e57aa96a3b0083c","seq":10,"subject":"7d8a7750302d425809a10f29f419e142","v":1}',X'FB361867AC1EFBF6FE26958802796CB93E77F22F7EB3349A6D92D4267E70D4D6192CAC42F762C266FD6553FFA8F434F3B7BF8C246BE8515065F01F72','sha256:6ce21a7f2ca375396eabaf5ad1f7f2dc79fcf471bd7751ef13bd13211aa24305','934e6d42d905416fe21a52d236c13ca50f0db4a887cb63b08e6af3a726b99157');
INSERT INTO "records" VALUES('clinic/access',10,'00000000-0000-4000-8001-000000000009','read','2026-11-01T18:00:00Z',NULL,'00000000-0000-4000-8000-000000000009','{"about":"00000000-0000-4000-8000-000000000009","actor":{"key":"local","role":"clinician"},"at":"2026-11-01T18:00:00Z","chain":"clinic/access","clear":{},"id":"00000000-0000-4000-8001-000000000009","kind":"read","previous":"sha256:9edffc1d9d4ea363fa8c3ae690f5722b367df0c76ed5ad29ac6046a79b544779","seq":10,"v":1}',NULL,'sha256:76e1b5123eca19048009d8e47c8bd805f0d1b7d7203abda6e850881f4d3618d2','f22d72ad92c8869d5723a36cc77ab0e78d8b14d6c66f432e089cc7b18b233ffb');
INSERT INTO "records" VALUES('clinic/decisions',11,'dbc7636c-38de-40f8-84e6-429d03c6aeda','erasure','2026-11-01T18:00:00Z',NULL,NULL,'{"actor":{"key":"local","role":"administrator"},"at":"2026-11-01T18:00:00Z","chain":"clinic/decisions","clear":{"erased":"7d8a7750302d425809a10f29f419e142","records":3,"why":"request"},"id":"dbc7636c-38de-40f8-84e6-429d03c6aeda","kind":"erasure","previous":"sha256:6ce21a7f2ca375396eabaf5ad1f7f2dc79fcf471bd7751ef13bd13211aa24305","seq":11,"v":1}',NULL,'sha256:c4e5c81fc455afaa4d926a4fe9d0341c14c1c7a612abac5fddc3e32bd8689606','197e33d3baf62faf08f08bb106a245dbb793fa9c17fa30bddcd78064f8d3c3d5');
INSERT INTO "records" VALUES('clinic/decisions',12,'00000000-0000-4000-8000-000000000020','assessment','2026-11-01T18:00:00Z','e4d76fea6738cf9b2306746870e14ecc',NULL,'{"actor":{"key":"local","role":"clinician"},"at":"2026-11-01T18:00:00Z","chain":"clinic/decisions","clear":{"number":20},"id":"00000000-0000-4000-8000-000000000020","kind":"assessment","previous":"sha256:c4e5c81fc455afaa4d926a4fe9d0341c14c1c7a612abac5fddc3e32bd8689606","sealed":"sha256:3f39509141ff349b9a52e7966cc9c4fb4997d337edbf99a5b4c421d8fc882954","seq":12,"subject":"e4d76fea6738cf9b2306746870e14ecc","v":1}',X'61ABBF9A43699D355B04D542E66D312A5EF4C2A8684C69615EEB5E042646850A28308836838C5523B3F4EA4BEB328ED4C63E7A0E51979C7D3C607CA015','sha256:7dcaa171015f56bd1ef33efe0ce5f19b818f74293a9871d676a1403102a3af61','2b838c92647f5742eccc50217a7452af7f96fe92a3fd5805153001968f945a3c');
CREATE TABLE subjects (
	token VARCHAR(64) NOT NULL, 
	tenant VARCHAR(100) NOT NULL, 
	lookup VARCHAR(64), 
	wrapped_key BLOB NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	last_at VARCHAR(32) NOT NULL, 
	held BOOLEAN NOT NULL, 
	CONSTRAINT pk_subjects PRIMARY KEY (token), 
	CONSTRAINT uq_subjects_tenant UNIQUE (tenant, lookup)
);
INSERT INTO "subjects" VALUES('3da747721e14d844ecf100c955b1416b','clinic','person 0',X'A4EE640108A8C2C3F3FD9E6A6EC60E7F179EB01405BCBEEAFBE208CA53FEF13221C4939E9914DDFD5C2C362C5EE1307F2A612DE8EC106E4904A640A5','2026-11-01T08:00:00Z','2026-11-01T16:00:00Z',0);
INSERT INTO "subjects" VALUES('bcc2655783ad4d4d8325a9cf4fe5a950','clinic','person 2',X'06EDEBE2078C57173F12FEB27D78D1CA4E3C401FF34A8987E0AFC28E32F8FCB75D2E122D9EA0AB7E4EBB60ABF58DB3B11E39871D537FA221D45BF8DF','2026-11-01T10:00:00Z','2026-11-01T14:00:00Z',1);
INSERT INTO "subjects" VALUES('d79ae2112ad78bdb7e396310c90b27f9','clinic','person 3',X'F7BA06BE0A60DB3BC80E2EFEAB753AD1F48782480DDBD7DF9074963B11C79EFA600E057C48EEEFA680A045F2BB433CD136039EF29AA2F52438FBF8D8','2026-11-01T11:00:00Z','2026-11-01T15:00:00Z',0);
INSERT INTO "subjects" VALUES('e4d76fea6738cf9b2306746870e14ecc','clinic',NULL,X'6169A02026C77E17D312A9E66DA94DE3394795F3C076CC581C51F8FCED770C456459B9411A984DA61083A47BFE483F8FCBDE12B0E5200E26F0E2EBB3','2026-11-01T18:00:00Z','2026-11-01T18:00:00Z',0);
CREATE INDEX ix_records_about ON records (about);
CREATE INDEX ix_records_at ON records (at);
CREATE INDEX ix_records_kind ON records (chain, kind, seq);
CREATE INDEX ix_records_subject ON records (subject);
CREATE INDEX ix_subjects_last_at ON subjects (last_at);
CREATE INDEX ix_exams_subject ON exams (subject);
COMMIT;
