package io.gonext.cli.admin;

import picocli.CommandLine.Command;

/** The exit codes of an operator's commands, for their help. */
@Command(
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed, or refused by the host",
      "2:wrong command line",
      "4:no host answers"
    })
abstract class OperatorExitCodes {}
