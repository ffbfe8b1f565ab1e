//! GitHub Actions: annotations, the job summary, and outputs.

use insta::assert_snapshot;

use crate::program::Program;

/// A job's step in the folder `work`, a checked-out repository.
fn step() -> Program {
    let mut program = Program::with_site();
    program.set("GITHUB_ACTIONS", "true");
    program.set("GITHUB_WORKSPACE", program.path(""));
    program.set("GITHUB_STEP_SUMMARY", program.path("summary.md"));
    program.set("GITHUB_OUTPUT", program.path("outputs"));
    program
}

#[test]
fn a_publish_in_a_job() {
    let program = step();
    program.write("public/css/APP.css", "50 %");
    assert_snapshot!(program.run("publish public --store dir:site --base-url https://cdn.example.com/"), @r"
    --- stderr
    ::warning file=public/css/APP.css,title=lastly::differs only by letter case from `css/app.css`%0Ahint: a reference with the wrong case works on some machines and breaks on the web
    4 new (75 B), 0 reused, 0 retired · 95 requests · [SPAN]
    manifest: https://cdn.example.com/manifest.json
    published 18704a769fae to live (sequence 1); 1 warning
    --- status 0
    ");
    assert_snapshot!(program.settled(&program.read("summary.md")), @r"
    ### lastly: published 18704a769fae to live (sequence 1)

    | new | reused | retired | uploaded | requests | time |
    |--:|--:|--:|--:|--:|--:|
    | 4 | 0 | 0 | 75 B | 95 | [SPAN] |

    Manifest: https://cdn.example.com/manifest.json

    - **warning** public/css/APP.css: differs only by letter case from \`css/app.css\` (a reference with the wrong case works on some machines and breaks on the web)
    ");
    assert_snapshot!(program.read("outputs"), @r"
    release=18704a769fae555e6050bf2cfe9ba336
    channel=live
    sequence=1
    moved=true
    new=4
    reused=0
    manifest=https://cdn.example.com/manifest.json
    ");
}

#[test]
fn a_failure_in_a_job() {
    let program = step();
    assert_snapshot!(program.run("publish public,old --store dir:site"), @r"
    --- stderr
    ::error file=public%2Cold,title=lastly::cannot be opened: No such file or directory (os error 2)%0Ahint: build the site before publishing it, or name another folder
    ::error title=lastly::1 problem in the files
    the channel has not moved
    --- status 2
    ");
    assert_snapshot!(program.read("summary.md"), @r"
    ### lastly failed

    1 problem in the files

    **the channel has not moved**

    - **error** public,old: cannot be opened: No such file or directory (os error 2) (build the site before publishing it, or name another folder)
    ");
    assert!(!program.path("outputs").exists());
}

#[test]
fn the_last_line_stays_the_last() {
    let program = step();
    assert_snapshot!(program.run("publish public --store dir:site --purge http://127.0.0.1:1"), @r"
    --- stderr
    3 new (71 B), 0 reused, 0 retired · 93 requests · [SPAN]
    manifest: site/manifest.json
    ::error title=lastly::published, not yet invalidated: http://127.0.0.1:1: PURGE /manifest.json got no answer: client error (Connect): tcp connect error: Connection refused (os error 111)%0Ahint: the same command again finishes
    published 44ce3ea360b2 to live (sequence 1), but not finished
    --- status 4
    ");
    assert!(program.read("outputs").contains("moved=true\n"));
    assert_snapshot!(program.settled(&program.read("summary.md")), @r"
    ### lastly: published 44ce3ea360b2 to live (sequence 1)

    | new | reused | retired | uploaded | requests | time |
    |--:|--:|--:|--:|--:|--:|
    | 3 | 0 | 0 | 71 B | 93 | [SPAN] |

    Manifest: site/manifest.json

    **Not finished: published, not yet invalidated: http://127.0.0.1:1: PURGE /manifest.json got no answer: client error (Connect): tcp connect error: Connection refused (os error 111). The same command again finishes.**
    ");
}

#[test]
fn json_keeps_stdout_to_itself() {
    let program = step();
    let published = program.json("publish public --store dir:site");
    assert_eq!(published["moved"], true);
    assert!(program.read("outputs").contains("moved=true\n"));
}
