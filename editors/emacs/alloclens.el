;;; alloclens.el --- Heap profiles beside the source  -*- lexical-binding: t -*-

;; Package-Requires: ((emacs "30.1"))
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Eglot with the server of alloclens, and what that can do beyond LSP, by the requests of docs/protocol.md:
;;
;;     (require 'alloclens)
;;     (add-hook 'go-mode-hook #'alloclens-ensure)

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'xref)

(defgroup alloclens nil "Heap profiles beside the source." :group 'tools)

(defcustom alloclens-command '("alloclens" "lsp")
  "The program of the server, and its arguments."
  :type '(repeat string))

(defconst alloclens--steps 5)

(defface alloclens-grown '((t :inherit warning)) "Lines that grow.")
(defface alloclens-heat-1 '((t :background "#2e2a1e")) "Lines that hold a 256th of the heap or less.")
(defface alloclens-heat-2 '((t :background "#3a3119")) "Lines that hold a 256th of the heap or more.")
(defface alloclens-heat-3 '((t :background "#4d3d14")) "Lines that hold a 64th of the heap or more.")
(defface alloclens-heat-4 '((t :background "#66490f")) "Lines that hold a 16th of the heap or more.")
(defface alloclens-heat-5 '((t :background "#85560a")) "Lines that hold a quarter of the heap or more.")

;;; The server

(defclass alloclens-server (eglot-lsp-server)
  ((chosen :initform nil :accessor alloclens--chosen
           :documentation "The settings that were chosen in this session, as a plist.")
   (status :initform nil :accessor alloclens--status
           :documentation "The last status of the server, as a plist."))
  :documentation "The server of alloclens.")

(add-to-list 'eglot-server-programs
             `((c-mode c-ts-mode c++-mode c++-ts-mode csharp-mode csharp-ts-mode go-mode go-ts-mode java-mode
                java-ts-mode js-mode js-ts-mode kotlin-mode kotlin-ts-mode python-mode python-ts-mode rust-mode
                rust-ts-mode scala-mode scala-ts-mode tsx-ts-mode typescript-mode typescript-ts-mode)
               . ,(lambda (&rest _) (cons 'alloclens-server alloclens-command))))

(cl-defmethod eglot-client-capabilities ((_server alloclens-server))
  "Say that hints can be refreshed, and that the status is shown."
  (let* ((all (cl-call-next-method))
         (workspace (plist-put (plist-get all :workspace) :inlayHint '(:refreshSupport t)))
         (ours '(:alloclens (:commands [] :status t :capture :json-false))))
    (plist-put (plist-put all :workspace workspace) :experimental ours)))

(cl-defmethod eglot-handle-request ((server alloclens-server) (_method (eql workspace/inlayHint/refresh)) &rest _)
  "Request the hints of all buffers again, which Eglot 1.17 does not do by itself."
  (run-at-time 0 nil #'alloclens--refresh server)
  nil)

(cl-defmethod eglot-handle-request ((server alloclens-server) (_method (eql workspace/configuration)) &key items)
  "Send the user's settings with those chosen in this session."
  (let ((sections (cl-call-next-method)))
    (vconcat (cl-mapcar (lambda (item section)
                          (if (equal (plist-get item :section) "alloclens")
                              (or (append (alloclens--chosen server) section) eglot--{})
                            section))
                        items sections))))

(cl-defmethod eglot-handle-notification ((server alloclens-server) (_method (eql alloclens/status)) &rest status)
  "Show the status in the mode line, and what only it says."
  (let ((before (or (plist-get (alloclens--status server) :focus) ""))
        (focus (plist-get status :focus)))
    (unless (equal focus before)
      (message "alloclens: %s" (if (equal focus "") "all samples are shown" (concat "only samples " focus))))
    (when (and (equal (plist-get status :state) "empty")
               (not (equal (plist-get (alloclens--status server) :state) "empty")))
      (message "alloclens: %s" (plist-get status :plainTooltip)))
    (setf (alloclens--status server) status)
    (force-mode-line-update t)
    (alloclens--paint server)))

(defun alloclens--refresh (server)
  "Request the hints of the buffers of SERVER."
  (dolist (buffer (eglot--managed-buffers server))
    (when (buffer-live-p buffer)
      (with-current-buffer buffer
        (when eglot-inlay-hints-mode
          (save-restriction
            (widen)
            (eglot--update-hints-1 (point-min) (point-max))))))))

(defconst alloclens--foreign
  "/pkg/mod/\\|/node_modules/\\|/site-packages/\\|/\\.cargo/registry/\\|/rustlib/src/"
  "Where package managers and toolchains keep sources that nobody edits.")

(defun alloclens--foreign-p (file)
  "Return whether FILE is a dependency or one of Go's own."
  (or (string-match-p alloclens--foreign file)
      (when-let* ((root (locate-dominating-file file "go.mod")))
        (with-temp-buffer
          (insert-file-contents (expand-file-name "go.mod" root) nil 0 100)
          (looking-at-p "module \\(std\\|cmd\\)$")))))

;;;###autoload
(defun alloclens-ensure ()
  "Start the server for this buffer, unless it has a dependency or a file of Go's own: those start none.
The server has no definitions: what finds them without Eglot still does."
  (unless (or (not buffer-file-name) (alloclens--foreign-p buffer-file-name))
    (setq-local eglot-stay-out-of (cons 'xref eglot-stay-out-of))
    (eglot-ensure)))

(defun alloclens--server ()
  "Return the server of this buffer."
  (let ((server (eglot-current-server)))
    (unless (cl-typep server 'alloclens-server)
      (user-error "alloclens is not running here: M-x eglot"))
    server))

(defun alloclens--ask (name &rest arguments)
  "Run the server's command NAME with ARGUMENTS, and return its answer."
  (jsonrpc-request (alloclens--server) :workspace/executeCommand
                   (list :command (concat "alloclens.server." name) :arguments (vconcat arguments))))

(defun alloclens--try (name &rest arguments)
  "Run the server's command NAME with ARGUMENTS, which returns what went wrong or nil."
  (when-let* ((problem (apply #'alloclens--ask name arguments)))
    (user-error "alloclens: %s" problem)))

(defun alloclens--here ()
  "Return the URI of this buffer and the line of point, from 0 on."
  (list (eglot-path-to-uri buffer-file-name) (1- (line-number-at-pos nil t))))

(defun alloclens--set (setting value)
  "Change SETTING to VALUE for this session."
  (let ((server (alloclens--server)))
    (setf (alloclens--chosen server) (plist-put (alloclens--chosen server) setting value))
    (jsonrpc-notify server :workspace/didChangeConfiguration
                    (list :settings (list :alloclens (alloclens--chosen server))))))

(defun alloclens--pick (prompt items text)
  "Ask with PROMPT for one of ITEMS, each written by TEXT."
  (let* ((names (mapcar (lambda (item) (cons (funcall text item) item)) items))
         (table (lambda (string predicate action)
                  (if (eq action 'metadata)
                      '(metadata (display-sort-function . identity))
                    (complete-with-action action names string predicate)))))
    (cdr (assoc (completing-read prompt table nil t) names))))

(defun alloclens--list (items text)
  "List those of ITEMS that have a place here, each written by TEXT."
  (let ((xrefs (cl-loop for item across items
                        for location = (plist-get item :location)
                        when location collect
                        (xref-make (funcall text item)
                                   (xref-make-file-location
                                    (eglot-uri-to-path (plist-get location :uri))
                                    (1+ (plist-get (plist-get (plist-get location :range) :start) :line))
                                    0)))))
    (if xrefs
        (xref-show-xrefs (lambda () xrefs) nil)
      (message "alloclens: none is here"))))

;;; Choosing

(defun alloclens--choose-snapshot (setting)
  "Ask for a snapshot, and set SETTING to it."
  (let* ((named (mapcar (lambda (name) (list :name name :label "" :detail "")) '("first" "previous" "latest")))
         (text (lambda (one) (string-trim (format "%s  %s  %s" (plist-get one :name) (plist-get one :label)
                                                  (plist-get one :detail)))))
         (one (alloclens--pick "Snapshot: " (append named (alloclens--ask "snapshots") nil) text)))
    (alloclens--set setting (plist-get one :name))))

(defun alloclens-choose-base ()
  "Choose the snapshot that growth is measured from."
  (interactive)
  (alloclens--choose-snapshot :base))

(defun alloclens-choose-head ()
  "Choose the snapshot that is shown."
  (interactive)
  (alloclens--choose-snapshot :head))

(defun alloclens-choose-series ()
  "Choose the series that is shown."
  (interactive)
  (let ((text (lambda (one) (format "%s  %s" (plist-get one :name) (plist-get one :detail)))))
    (alloclens--try "showSeries" (plist-get (alloclens--pick "Series: " (append (alloclens--ask "seriesChoices") nil) text)
                                            :name))))

(defun alloclens-choose-sample-type ()
  "Choose the sample type that is shown."
  (interactive)
  (let ((types (append (alloclens--ask "sampleTypes") nil)))
    (alloclens--set :sampleType
                    (plist-get (alloclens--pick "Sample type: " types (lambda (one) (plist-get one :name))) :name))))

(defun alloclens-focus (pattern)
  "Focus on the samples through functions that match PATTERN."
  (interactive (list (read-string "Focus on: " (thing-at-point 'symbol))))
  (alloclens--try "focus" (list :focus pattern)))

(defun alloclens-ignore (pattern)
  "Ignore the samples through functions that match PATTERN."
  (interactive (list (read-string "Ignore: " (thing-at-point 'symbol))))
  (alloclens--try "focus" (list :ignore pattern)))

(defun alloclens-unfocus (every)
  "Take back the last step of the focus; with a prefix argument EVERY, all."
  (interactive "P")
  (alloclens--ask "unfocus" (if every t :json-false)))

;;; Capturing

(defun alloclens-capture (url every)
  "Capture from URL, once or EVERY so many seconds."
  (interactive (list (read-string "Capture from: " "http://localhost:6060")
                     (read-number "Seconds between captures (0: once): " 0)))
  (alloclens--try "capture" url (list :every every)))

(defun alloclens-stop-capture ()
  "Stop capturing."
  (interactive)
  (alloclens--ask "stopCapture"))

;;; Going places

(defun alloclens-next-hot-line (&optional step)
  "Go to the next hot line; with STEP -1, to the previous one."
  (interactive)
  (apply #'alloclens--ask "hotLine" (append (alloclens--here) (list (or step 1)))))

(defun alloclens-previous-hot-line ()
  "Go to the previous hot line."
  (interactive)
  (alloclens-next-hot-line -1))

(defun alloclens-findings ()
  "List the lines that leak or grow."
  (interactive)
  (let ((found (alloclens--ask "findings")))
    (unless (equal (plist-get found :nothing) "")
      (message "alloclens: %s" (plist-get found :nothing)))
    (alloclens--list (plist-get found :findings)
                     (lambda (one) (format "%s  %s" (plist-get one :label) (plist-get one :detail))))))

(defun alloclens-hot-lines ()
  "List the hot lines, heaviest first."
  (interactive)
  (alloclens--list (alloclens--ask "hotLines")
                   (lambda (one) (format "%s  %s" (plist-get one :label) (plist-get one :function)))))

(defun alloclens-stacks ()
  "Choose a call stack of this line, and list its frames."
  (interactive)
  (let* ((found (or (apply #'alloclens--ask "stacks" (alloclens--here))
                    (user-error "No call stack goes through this line")))
         (stacks (append (plist-get found :stacks) nil))
         (one (if (cdr stacks)
                  (alloclens--pick (concat (plist-get found :title) ": ") stacks (lambda (one) (plist-get one :label)))
                (car stacks))))
    (alloclens--list (plist-get one :frames) (lambda (frame) (plist-get frame :label)))))

(defun alloclens-page ()
  "Show the call stacks of this line as a page."
  (interactive)
  (apply #'alloclens--ask "stackPage" (alloclens--here)))

(defun alloclens-explain ()
  "Say where the numbers of this file come from, or why it has none."
  (interactive)
  (let ((text (alloclens--ask "explain" (car (alloclens--here)))))
    (with-help-window "*alloclens*"
      (princ text))))

;;; Mode line and heat

(defun alloclens-mode-line ()
  "Return the status of the server, for `mode-line-format': (:eval (alloclens-mode-line))."
  (let* ((server (eglot-current-server))
         (status (and (cl-typep server 'alloclens-server) (alloclens--status server))))
    (string-join (delete "" (list (or (plist-get status :text) "") (or (plist-get status :focus) ""))) " | ")))

(define-minor-mode alloclens-heat-mode
  "Colour the lines that hold memory."
  :global t
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (remove-overlays nil nil 'alloclens t)
      (when (and alloclens-heat-mode buffer-file-name (cl-typep (eglot-current-server) 'alloclens-server))
        (alloclens--paint (eglot-current-server))))))

(defun alloclens--paint (server)
  "Colour the lines of the buffers of SERVER, if that is on."
  (when alloclens-heat-mode
    (jsonrpc-async-request server :workspace/executeCommand
                           '(:command "alloclens.server.hotLines" :arguments [(:own :json-false :most 2000)])
                           :success-fn (lambda (lines) (alloclens--draw server lines)))))

(defun alloclens--weight (line)
  "Return the larger of what LINE allocated and owns."
  (max (abs (plist-get line :flat)) (abs (plist-get line :owned))))

(defun alloclens--face (line whole)
  "Return the face of LINE; each begins at four times the share of WHOLE of the one before, the last at a quarter."
  (if (eq (plist-get line :grew) t)
      'alloclens-grown
    (let ((step (+ alloclens--steps 1 (floor (log (/ (float (alloclens--weight line)) whole) 4)))))
      (intern (format "alloclens-heat-%d" (max 1 (min step alloclens--steps)))))))

(defun alloclens--draw (server lines)
  "Colour LINES in the buffers of SERVER."
  (let ((whole (cl-loop for line across lines sum (abs (plist-get line :flat)))))
    (dolist (buffer (eglot--managed-buffers server))
      (with-current-buffer buffer (remove-overlays nil nil 'alloclens t)))
    (cl-loop for line across lines
             for location = (plist-get line :location)
             for buffer = (and location (find-buffer-visiting (eglot-uri-to-path (plist-get location :uri))))
             when (and buffer (> (alloclens--weight line) 0))
             do (with-current-buffer buffer
                  (save-excursion
                    (save-restriction
                      (widen)
                      (goto-char (point-min))
                      (forward-line (plist-get (plist-get (plist-get location :range) :start) :line))
                      (let ((overlay (make-overlay (line-beginning-position) (line-end-position))))
                        (overlay-put overlay 'alloclens t)
                        (overlay-put overlay 'face (alloclens--face line (max whole (alloclens--weight line)))))))))))

(provide 'alloclens)

;; Local Variables:
;; byte-compile-docstring-max-column: 120
;; fill-column: 120
;; End:
;;; alloclens.el ends here
