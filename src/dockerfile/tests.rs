use super::*;

fn parse(text: &str) -> Dockerfile {
    Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text)))
        .unwrap_or_else(|it| panic!("{}", it.message))
}

fn refused(text: &str) -> (String, String) {
    let problem = Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text))).unwrap_err();
    (problem.message, problem.source.unwrap().slice(problem.span).to_owned())
}

fn keywords(file: &Dockerfile) -> Vec<&'static str> {
    file.instructions().iter().map(|it| it.keyword.as_str()).collect()
}

fn nothing(_: &str) -> Option<String> {
    None
}

#[test]
fn lines_are_joined_with_the_place_of_every_byte() {
    let text = "\u{feff}FROM a\nrun x \\\n# c\n\n  y && \\ \n z\nENV A=\"b c\" \\\n  D=e\\ f G='h'\n";
    let file = parse(text);
    assert_eq!(keywords(&file), ["FROM", "RUN", "ENV"]);
    let run = &file.instructions()[1];
    assert_eq!(run.command, Some(Command::Shell("x   y &&  z".to_owned())));
    assert_eq!(file.source().slice(run.keyword_span), "run");
    let env = &file.instructions()[2];
    assert_eq!(env.names, ["A", "D", "G"]);
    let words: Vec<&str> = env.words.iter().map(|word| file.source().slice(word.span)).collect();
    assert_eq!(words, ["\"b c\"", "e\\ f", "'h'"]);
    assert_eq!(env.words[0].literal().unwrap().1, "b c");
    assert_eq!(env.words[1].literal(), None);
    assert_eq!(file.comments().len(), 1);
}

#[test]
fn here_documents_stand_anywhere_in_a_line() {
    let text = "FROM a\nRUN python3 - <<EOF && cat <<-\"END\"\nFROM x\nEOF\n\tUSER y\n\tEND\nCOPY <<a <<b /c\n1\na\n2\nb\n\
                CMD echo 1<<2\nUSER 1\n";
    let file = parse(text);
    assert_eq!(keywords(&file), ["FROM", "RUN", "COPY", "CMD", "USER"]);
    assert_eq!(file.instructions()[1].documents.len(), 2);
    assert_eq!(refused("FROM a\nRUN <<EOF\nx\n").1, "<<EOF");
}

#[test]
fn what_does_not_build_is_refused_at_its_place() {
    assert_eq!(refused("FROM a\n  nope x\n").1, "nope");
    assert_eq!(refused("RUN x\nFROM a\n").1, "RUN");
    assert_eq!(refused("ARG a\n").0, "there is no FROM");
    assert_eq!(refused("FROM a b\n").1, "a b");
    assert_eq!(refused("FROM a\nUSER\n").1, "USER");
    assert_eq!(refused("FROM a\nHEALTHCHECK curl x\n").1, "HEALTHCHECK");
    assert_eq!(refused("").0, "there is no FROM");
}

#[test]
fn the_escape_character_is_a_directive() {
    let file = parse("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir `\n  C:\\\nUSER b\n");
    assert_eq!(keywords(&file), ["FROM", "RUN", "USER"]);
    assert_eq!(file.escape(), '`');
}

#[test]
fn stages_are_followed_to_their_base() {
    let file = parse(
        "ARG V=1\nARG I=img:${V}-x\nFROM --platform=$BUILDPLATFORM ${I} AS Base\nUSER 5\nFROM other AS skip\nUSER 6\n\
         FROM base AS final\nARG V\nENV P=${V:-9}0 Q=\"a${NOPE:+b}\"\nEXPOSE $P\nUSER $APP\n",
    );
    let chain = file.chain();
    assert_eq!(chain.base, Base::Image("img:1-x".to_owned()));
    assert_eq!(chain.stages().count(), 2);
    let users: Vec<usize> =
        chain.instructions().filter(|(_, it)| it.keyword == Keyword::User).map(|(at, _)| at).collect();
    assert_eq!(users, [3, 10]);
    let (at, expose) = chain.last(Keyword::Expose).unwrap();
    assert_eq!(chain.expand(at, &expose.words[0], &nothing).as_deref(), Some("10"));
    let (at, user) = chain.last(Keyword::User).unwrap();
    assert_eq!(chain.expand(at, &user.words[0], &nothing), None);
    let of_base = |name: &str| (name == "APP").then(|| "1654".to_owned());
    assert_eq!(chain.expand(at, &user.words[0], &of_base).as_deref(), Some("1654"));
    assert_eq!(parse("FROM scratch\n").chain().base, Base::Scratch);
    assert_eq!(parse("ARG B\nFROM $B\n").chain().base, Base::Unknown);
    assert_eq!(parse("FROM a AS a\n").chain().base, Base::Image("a".to_owned()));
}

#[test]
fn variables_that_grow_without_end_are_unknown() {
    let mut text = String::from("FROM a\nENV A=xxxxxxxxxx\n");
    for _ in 0..60 {
        text.push_str("ENV A=$A$A\n");
    }
    text.push_str("USER $A\n");
    let file = parse(&text);
    let chain = file.chain();
    let (at, user) = chain.last(Keyword::User).unwrap();
    assert_eq!(chain.expand(at, &user.words[0], &nothing), None);
}

fn changed(text: &str, ops: &[Op]) -> Result<String, String> {
    let before = parse(text);
    let edits = plan(&before, ops).map_err(|refusal| refusal.to_string())?;
    let new = edits.apply(text);
    verify(&before, ops, &parse(&new)).map_err(|mismatch| mismatch.to_string())?;
    Ok(new)
}

#[test]
fn operations_touch_only_their_bytes() {
    let text = "from a:1 as x\r\n# why\r\nENTRYPOINT dotnet  a.dll\r\n  HEALTHCHECK --interval=3s \\\r\n  CMD x\r\nEXPOSE 80 \"81\"";
    let ops = [
        Op::Word { at: 0, word: 0, text: "b:2".to_owned() },
        Op::Insert { before: 1, text: "USER 5".to_owned() },
        Op::Exec { at: 1, words: vec!["dotnet".to_owned(), "a.dll".to_owned()] },
        Op::Remove { at: 2 },
        Op::Word { at: 3, word: 1, text: "8081".to_owned() },
        Op::Insert { before: 4, text: "CMD [\"y\"]".to_owned() },
    ];
    assert_eq!(
        changed(text, &ops).unwrap(),
        "from b:2 as x\r\nUSER 5\r\n# why\r\nENTRYPOINT [\"dotnet\", \"a.dll\"]\r\nEXPOSE 80 \"8081\"\r\nCMD [\"y\"]"
    );
    let ops = [Op::Keyword { at: 1, to: Keyword::Entrypoint }];
    assert_eq!(changed("FROM a\ncmd [\"x\"]\n", &ops).unwrap(), "FROM a\nentrypoint [\"x\"]\n");
    let ops = [Op::Word { at: 1, word: 0, text: "1".to_owned() }];
    assert!(changed("FROM a\nUSER $X\n", &ops).unwrap_err().contains("plain"));
    let ops = [Op::Exec { at: 1, words: vec!["a".to_owned()] }];
    assert!(changed("FROM a\nCMD a \\\n# b\n  c\n", &ops).unwrap_err().contains("several lines"));
}

#[test]
fn the_proof_sees_what_else_changed() {
    let before = parse("FROM a\n# c\nUSER x\nEXPOSE 80\n");
    let ops = [Op::Word { at: 1, word: 0, text: "1".to_owned() }];
    let check = |text: &str| verify(&before, &ops, &parse(text));
    assert_eq!(check("FROM a\n# c\nUSER 1\nEXPOSE 80\n"), Ok(()));
    assert_eq!(check("FROM a\nUSER 1\nEXPOSE 80\n"), Err(Mismatch::Comments));
    assert_eq!(check("FROM a\n# c\nUSER 2\nEXPOSE 80\n"), Err(Mismatch::Instruction("USER", 3)));
    assert_eq!(check("FROM b\n# c\nUSER 1\nEXPOSE 80\n"), Err(Mismatch::Instruction("FROM", 1)));
    assert_eq!(check("FROM a\n# c\nUSER 1\n"), Err(Mismatch::Count));
    assert_eq!(check("FROM a\n# c\nUSER 1\nEXPOSE 80\nCMD x\n"), Err(Mismatch::Count));
}

#[test]
fn no_beginning_of_a_file_confuses_the_reader() {
    let text = "\u{feff}# escape=`\r\nARG Ä=ü\r\nFROM ${Ä:-é} AS b`\r\n# ö\r\n  \r\nRUN --mount=x <<\"É\" `\r\n  <<-b\r\nß\r\nÉ\r\n\tb\r\n\
                COPY [\"ä\", \"b\"]\r\nENV A='ä b' B=\"c`\"d\" C=`ä\r\nHEALTHCHECK --x CMD é\r\nEXPOSE 80/ü";
    for (end, _) in text.char_indices().chain([(text.len(), ' ')]) {
        let source = Arc::new(Source::new("Dockerfile", &text[..end]));
        let Ok(file) = Dockerfile::parse(&source) else { continue };
        for it in file.instructions() {
            for span in
                [it.span, it.keyword_span, it.rest.span].into_iter().chain(it.words.iter().map(|it| it.span))
            {
                assert!(source.text().get(span.range()).is_some(), "{end}: {it:?}");
            }
            for word in &it.words {
                let _ = word.expand(file.escape(), &|_| Some("ä".to_owned()));
            }
        }
        let chain = file.chain();
        for (at, it) in chain.instructions() {
            for word in &it.words {
                let _ = chain.expand(at, word, &nothing);
            }
        }
        for at in file.stages()[0].from + 1..=file.instructions().len() {
            let ops = [Op::Insert { before: at, text: "USER 1".to_owned() }];
            let new = plan(&file, &ops).unwrap().apply(source.text());
            // Behind a line that goes on nothing can be written: the proof sees it.
            let goes_on = source.text().lines().any(|line| line.trim_end().ends_with('`'));
            let proved = Dockerfile::parse(&Arc::new(Source::new("Dockerfile", new.as_str())))
                .is_ok_and(|after| verify(&file, &ops, &after).is_ok());
            assert!(proved || goes_on && at == file.instructions().len(), "{end} {at}\n{new}");
        }
    }
}

#[test]
fn files_without_measure_are_refused() {
    let many = format!("FROM a\n{}", "USER b\n".repeat(3000));
    assert!(refused(&many).0.contains("more than 2000"));
    let wide = format!("FROM a\nENV {}\n", (0..3000).map(|at| format!("A{at}=$A ")).collect::<String>());
    assert!(refused(&wide).0.contains("more than 2000"));
    assert!(refused(&"#".repeat(5 << 20)).0.contains("larger than"));
}
