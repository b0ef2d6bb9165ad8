package io.gonext.engine;

/**
 * A function that a module exports.
 *
 * @param name the export's name
 * @param type its signature
 * @param aliasesImport whether the export is one of the module's imports under another name
 */
public record FunctionExport(String name, FunctionType type, boolean aliasesImport) {}
