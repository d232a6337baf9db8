# Is it what Gradescope's documentation calls a results.json? Prints true, or an error that says what is wrong.
# https://gradescope-autograders.readthedocs.io/en/latest/specs/
def must(condition; what): if condition then . else error(what) end;
def only(names; what): must((keys - names) == []; "\(what) has \(keys - names)");
def visibility: . == null or IN("hidden", "after_due_date", "after_published", "visible");
def format: . == null or IN("text", "html", "simple_format", "md", "ansi");
def text: . == null or (type == "string" and (test("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]") | not));
def amount: . == null or (type == "number" and . >= 0 and . < 1e6);

must(type == "object"; "no object")
| only(["score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility",
        "stdout_visibility", "extra_data", "tests", "leaderboard"]; "the whole")
| must(.score | type == "number"; "there is no score")
| must(.score | amount; "score") | must(.execution_time | amount; "execution_time")
| must(.output | text; "output") | must(.output | length < 1000000; "output is too long")
| must(all(.output_format, .test_output_format, .test_name_format; format); "a format")
| must(all(.visibility, .stdout_visibility; visibility); "a visibility")
| must((.extra_data // {}) | type == "object"; "extra_data")
| must(.tests | type == "array"; "tests")
| must([.tests[].name] | length == (unique | length); "two tests of one name")
| (.tests[] |= (
    only(["score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags", "visibility",
          "extra_data"]; "a test")
    | must(.score | amount; "score of a test") | must(.max_score | amount; "max_score")
    | must(.score == null or .max_score == null or .score <= .max_score; "more than all points")
    | must(.status == null or (.status | IN("passed", "failed")); "status")
    | must(all(.name, .number, .output; text); "a text of a test")
    | must(all(.output_format, .name_format; format); "a format of a test")
    | must((.tags // []) | all(type == "string"); "tags")
    | must(.visibility | visibility; "visibility of a test")))
| must((.score - ([.tests[].score // 0] | add // 0)) | fabs < 0.011 * (1 + 0); "the score is not the sum of the tests")
| must((.leaderboard // []) | all((.name | type == "string") and (.value != null) and (.order == null or (.order | IN("asc", "desc"))));
       "leaderboard")
| true
