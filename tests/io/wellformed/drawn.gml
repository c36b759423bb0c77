Creator "somebody" # comment
Version 1
graph [
  directed 1
  comment "a &#38; b"
  node [ id 3 label "ann" size 2.5 graphics [ x 1.0 y -2e3 fill "#ff0000" ] ]
  node [ id 7 name "bob" ]
  node [ id 9 label "c&quot;d" ]
  edge [ source 3 target 7 value 1.5 ]
  edge [ source 7 target 9 weight -.5 conflict 1 label "x" color "red" ]
  edge [ source 9 target 3 ]
]
