package io.gonext.cli.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The pages of the manual say what the help says, as troff. */
class ManualCommandTest {
  @Command(
      name = "tool",
      description = "Do it.",
      footerHeading = "%nExamples:%n",
      footer = {"  tool 100%% 'x'", ".hidden is a file"},
      subcommands = Below.class)
  static final class Tool {
    @Option(
        names = {"-n", "--number"},
        paramLabel = "N",
        defaultValue = "3",
        description = "How many, by 50%% (default: ${DEFAULT-VALUE}).")
    int number;

    @Option(names = "--secret", hidden = true, description = "Not for you.")
    boolean secret;

    @Parameters(paramLabel = "FILE", description = "A back\\slash.")
    String file = "";
  }

  @Command(name = "below", description = "Do less.")
  static final class Below {}

  private static final CommandSpec TOOL = new CommandLine(new Tool()).getCommandSpec();

  @Test
  void a_page_has_options_with_their_defaults_and_no_hidden_ones() {
    String page = ManualCommand.page(TOOL, "2026-01-01");
    assertThat(page)
        .startsWith(".TH \"TOOL\" 1 \"2026\\-01\\-01\"")
        .contains(".SH NAME\ntool \\- Do it\n")
        .contains("\\fB\\-n\\fR, \\fB\\-\\-number\\fR=\\fIN\\fR\nHow many, by 50% (default: 3).")
        .contains("\\fBtool\\-below\\fR(1)\nDo less.")
        .doesNotContain("secret");
  }

  @Test
  void no_text_becomes_a_macro() {
    assertThat(ManualCommand.page(TOOL, ""))
        .contains(".SH \"EXAMPLES\"\n.nf\n  tool 100% \\(aqx\\(aq\n\\&.hidden is a file\n.fi")
        .contains("A back\\eslash.");
  }

  @Test
  void a_page_of_a_subcommand_names_the_one_above() {
    CommandSpec below = Objects.requireNonNull(TOOL.subcommands().get("below")).getCommandSpec();
    assertThat(ManualCommand.page(below, ""))
        .startsWith(".TH \"TOOL\\-BELOW\" 1")
        .endsWith(".SH SEE ALSO\n\\fBtool\\fR(1)\n");
  }
}
